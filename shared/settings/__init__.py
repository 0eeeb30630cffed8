"""The settings of single features, which shared/config.py joins with the relay's own."""
