"""Webhooks: which steps a write starts, what they send, and how."""
