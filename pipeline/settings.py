"""All settings, read once from RAPPORT_* variables. Creating Settings touches no disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import UsageError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where state lives and which limits hold. Every path of the product is derived here."""

    home: Path
    landing: Path
    timezone: str
    max_bad_share: float
    keep_versions: int
    offer_budget: float | None
    control_share: float
    memory: str
    threads: int
    secret: str | None = None
    currency: str | None = None
    phone_region: str = "GB"
    most_sharers: int = 3
    cost_per_minute: float | None = None
    cost_per_return: float | None = None
    mend_nights: int = 31

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read RAPPORT_* variables; raise UsageError naming the variable that can't be used."""
        variables = os.environ if environment is None else environment
        home = Path(variables.get("RAPPORT_HOME") or PROJECT_ROOT / "var").expanduser().absolute()
        landing = Path(variables.get("RAPPORT_LANDING") or home / "landing").expanduser().absolute()
        timezone = variables.get("RAPPORT_TIMEZONE") or "UTC"
        if timezone not in available_timezones():
            raise UsageError(f"RAPPORT_TIMEZONE={timezone!r} is not a time zone; give a name such as Europe/London.")
        return cls(
            home=home,
            landing=landing,
            timezone=timezone,
            max_bad_share=_number(variables, "RAPPORT_MAX_BAD_SHARE", 0.20, 0, 1),
            keep_versions=int(_number(variables, "RAPPORT_KEEP_VERSIONS", 7, 1, 10_000)),
            offer_budget=_amount(variables, "RAPPORT_OFFER_BUDGET"),
            control_share=_number(variables, "RAPPORT_CONTROL_SHARE", 0.10, 0, 1),
            memory=variables.get("RAPPORT_MEMORY") or _share_of_memory(0.6),
            threads=int(_number(variables, "RAPPORT_THREADS", os.cpu_count() or 1, 1, 1024)),
            secret=variables.get("RAPPORT_SECRET") or None,
            currency=(variables.get("RAPPORT_CURRENCY") or "").upper() or None,
            phone_region=(variables.get("RAPPORT_PHONE_REGION") or "GB").upper(),
            most_sharers=int(_number(variables, "RAPPORT_MOST_SHARERS", 3, 1, 1000)),
            cost_per_minute=_amount(variables, "RAPPORT_COST_PER_MINUTE"),
            cost_per_return=_amount(variables, "RAPPORT_COST_PER_RETURN"),
            mend_nights=int(_number(variables, "RAPPORT_MEND_NIGHTS", 31, 0, 10_000)),
        )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of times that come without an offset."""
        return ZoneInfo(self.timezone)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that holds raw, staging, marts and run state. Readers use `published`."""
        return self.home / "warehouse.duckdb"

    @property
    def vault(self) -> Path:
        """The DuckDB file (mode 600) that alone holds personal data."""
        return self.home / "vault.duckdb"

    @property
    def secret_file(self) -> Path:
        """The key of every pseudonym, made on first use (mode 600)."""
        return self.home / "secret"

    @property
    def identity_overrides(self) -> Path:
        """What a person decided about who is who; optional (docs/how-to/who-is-who.md)."""
        return self.home / "identity_overrides.csv"

    @property
    def models(self) -> Path:
        """Trained models, a folder each."""
        return self.home / "models"

    @property
    def validation(self) -> Path:
        """Great Expectations' results and Data Docs."""
        return self.home / "validation"

    @property
    def published(self) -> Path:
        """Published versions and the `current` link."""
        return self.home / "published"

    @property
    def temporary(self) -> Path:
        """Spill files of DuckDB."""
        return self.home / "tmp"

    @property
    def dbt_output(self) -> Path:
        """dbt's target and log folders."""
        return self.home / "dbt"

    @property
    def lock_file(self) -> Path:
        """Held while a stage or a night runs, so that two nights never mix."""
        return self.home / "night.lock"


def _number(variables: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = variables.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{name}={text!r} is not a number.") from None
    if not low <= value <= high:
        raise UsageError(f"{name}={text} must lie between {low:g} and {high:g}.")
    return value


def _amount(variables: Mapping[str, str], name: str) -> float | None:
    """An amount in the warehouse's currency; None where it isn't set."""
    return _number(variables, name, 0, 0, 1e12) if variables.get(name) else None


def _share_of_memory(share: float) -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{int(total * share / 2**20)}MiB"
