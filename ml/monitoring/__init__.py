"""Whether the models still fit: probabilities against what happened, and customers against those learnt from."""
