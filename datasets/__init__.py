"""Turn a public data set into the landing drops a retailer would send."""
