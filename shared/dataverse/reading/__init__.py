"""Read both sides of a pair, and what is true of its resource."""
