"""When customers order next, and by when they are likelier dormant than not: dates with intervals."""

from ml.timing.dormancy import DormancyModel, fit_dormancy
from ml.timing.next_order import NextOrderModel, fit_next_order

__all__ = ["DormancyModel", "NextOrderModel", "fit_dormancy", "fit_next_order"]
