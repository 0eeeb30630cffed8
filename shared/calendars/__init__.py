"""The calendars feature: callers read and write calendars and events."""
