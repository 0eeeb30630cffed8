"""Deliver changes: from Graph's notification to the partner."""
