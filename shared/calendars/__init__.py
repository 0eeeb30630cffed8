"""The feature calendars: calendars and events for a caller."""
