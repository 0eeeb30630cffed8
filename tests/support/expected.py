"""Times for events, and the fields that may leave."""

from datetime import UTC, datetime, timedelta

PUBLIC = {"id", "seriesId", "title", "start", "end", "startDate", "endDate", "allDay", "availability", "cancelled"}


def at(days: float, hours: float = 0.0) -> str:
    """Return the time `days` and `hours` after the next midnight (UTC), as control expects it."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
    return (midnight + timedelta(days=days, hours=hours)).isoformat()
