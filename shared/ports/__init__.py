"""What the core calls in features, and features in the core: neither imports the other, bootstrap connects them."""
