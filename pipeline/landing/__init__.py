"""From landing drops to raw tables: reading, the row rules, quarantine, and the ledger of files."""

from pipeline.landing.load import load_drops
from pipeline.landing.summary import BlockedDrop, FileResult, LoadSummary

__all__ = ["BlockedDrop", "FileResult", "LoadSummary", "load_drops"]
