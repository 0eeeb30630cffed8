"""The events that the partner must have, derived from the tenant's data and the contract alone.

Independent of the product on purpose, since it judges the product.
"""

from datetime import UTC, datetime
from typing import Any


def expected_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of an event that the tenant returned."""
    private, all_day = event["sensitivity"] in ("private", "confidential"), event["isAllDay"]
    return {
        "id": event["immutableId"],
        "seriesId": event["seriesMasterImmutableId"],
        "title": "Private" if private else event["subject"],
        "start": _utc(event["start"]),
        "end": _utc(event["end"]),
        "startDate": event["start"]["dateTime"][:10] if all_day else None,
        "endDate": event["end"]["dateTime"][:10] if all_day else None,
        "allDay": all_day,
        "availability": event["showAs"],
        "cancelled": event["isCancelled"],
    }


def expected_calendar(view: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the payloads of a calendar view by event id."""
    return {event["id"]: event for event in map(expected_event, view)}


def _utc(moment: dict[str, str]) -> str:
    if moment["timeZone"] != "UTC":
        raise ValueError(f"not in UTC: {moment['timeZone']}")
    return datetime.fromisoformat(moment["dateTime"]).replace(microsecond=0, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
