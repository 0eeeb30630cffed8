"""The operations of features."""
