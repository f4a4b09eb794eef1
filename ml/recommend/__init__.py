"""What each customer would buy next."""

from ml.recommend.limits import Limits
from ml.recommend.model import NextBasket, learn_weights

__all__ = ["Limits", "NextBasket", "learn_weights"]
