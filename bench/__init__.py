"""What `make bench` runs: the product beside a peer, in turn, on the same bytes."""
