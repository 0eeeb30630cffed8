"""Simulate a Microsoft 365 tenant, a partner and the Functions host on one machine. Never deployed."""
