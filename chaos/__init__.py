"""The relay under kills and faults, and the accounting of what became of every change. Never deployed."""
