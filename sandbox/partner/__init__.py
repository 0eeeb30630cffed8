"""A partner of the relay: an example receiver (receive.py), with strict checks and control routes around it."""
