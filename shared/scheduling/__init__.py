"""The scheduling feature: find free slots and book them."""
