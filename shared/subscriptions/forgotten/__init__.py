"""Forgets mailboxes: by request of an administrator, and those that have left the allow-list."""
