"""Outgoing HTTP: sessions, and connections to checked public addresses with verified TLS and a deadline."""
