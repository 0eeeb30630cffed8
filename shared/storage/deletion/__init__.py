"""Deletes all rows that name a mailbox, whatever they hold."""
