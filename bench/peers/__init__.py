"""What the product is measured beside: the same work as a practised user of another library would write it."""
