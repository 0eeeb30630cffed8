"""What readings of rooms have returned, for all instances."""
