"""The webhooks of bookings: an endpoint and three steps in the environment, and their secret in the vault."""
