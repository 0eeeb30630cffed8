"""Watches that features hold."""
