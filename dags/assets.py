"""The assets other DAGs may wait for. This is the only place where one is named."""

from airflow.sdk import Asset

PUBLISHED = Asset(name="crm_published", uri="rapport://published/current", group="rapport")
"""The published version: updated when `current` has been switched to a new, audited file."""
