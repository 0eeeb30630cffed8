"""Whole room lists: watch the rooms that join, and remove the watches of rooms that leave."""
