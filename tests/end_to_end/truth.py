"""What the partner should know of a calendar, worked out from the calendar itself and from nothing of the product."""

from datetime import UTC, datetime, timedelta
from typing import Any

PUBLIC = {"id", "seriesId", "title", "start", "end", "allDay", "availability", "cancelled"}


def at(days: float, hours: float = 0.0) -> str:
    """Return a moment `days` and `hours` after the coming midnight (UTC), as control takes it."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
    return (midnight + timedelta(days=days, hours=hours)).isoformat()


def public_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event of control's calendar view as the contract lets it leave."""
    hidden = event["sensitivity"] in ("private", "confidential")
    return {
        "id": event["immutableId"],
        "seriesId": event["seriesMasterImmutableId"],
        "title": "Private" if hidden else event["subject"],
        "start": _utc(event["start"]),
        "end": _utc(event["end"]),
        "allDay": event["isAllDay"],
        "availability": event["showAs"],
        "cancelled": event["isCancelled"],
    }


def _utc(moment: dict[str, str]) -> str:
    assert moment["timeZone"] == "UTC"
    return moment["dateTime"].partition(".")[0] + "Z"
