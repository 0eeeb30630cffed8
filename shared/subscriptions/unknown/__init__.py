"""Subscriptions that post to the relay and that no row names: counting them, and deleting them by hand."""
