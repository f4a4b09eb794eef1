"""What each customer would buy next."""

from ml.recommend.model import Limits, NextBasket

__all__ = ["Limits", "NextBasket"]
