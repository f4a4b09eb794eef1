"""Who will not come back: features, a split by time, the fit, its measurement, and the scores."""
