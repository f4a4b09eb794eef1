"""What customers will order and spend in the next 12 months, with intervals, judged on the past against naive rules."""

from ml.value.model import ValueModel, fit_value

__all__ = ["ValueModel", "fit_value"]
