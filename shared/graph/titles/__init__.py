"""Titles of events that stay in the tenant although the mailbox is read for the partner."""
