"""Webhooks of Dataverse: which booking one names, its secret, and the hint that it becomes."""
