"""Calls over HTTP: sessions, and connections to checked public addresses, over verified TLS and with a deadline."""
