"""Decide what the customer allows."""
