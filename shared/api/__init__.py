"""Shared by all features of the API: request fields, times, and Graph's errors."""
