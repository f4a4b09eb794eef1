"""The assets that DAGs wait for. This is the only place where one is named."""

from airflow.sdk import Asset

PUBLISHED = Asset(name="crm_published", uri="rapport://published/current", group="rapport")
"""The published version: updated when `current` has been switched to a new, audited file."""

RETRAINING_DUE = Asset(name="crm_retraining_due", uri="rapport://models/retraining_due", group="rapport")
"""An event of it, from an alarm or by hand, trains the models before their weekly turn."""
