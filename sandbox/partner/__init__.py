"""A partner of the relay: a receiver to copy (receive.py), and around it what makes it a strict judge."""
