"""Compare calendars with the ledger (resync), and find the gaps that require it."""
