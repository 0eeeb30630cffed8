"""Comparing calendars with the ledger, and the gaps that call for it."""
