"""What the partner must know of a calendar, worked out from the tenant's truth and the contract alone.

Written apart from the product on purpose: it judges what the product sent.
"""

from datetime import UTC, datetime
from typing import Any


def expected_event(truth: dict[str, Any]) -> dict[str, Any]:
    """Return the public event of an event as the tenant has it."""
    private = truth["sensitivity"] in ("private", "confidential")
    return {
        "id": truth["immutableId"],
        "seriesId": truth["seriesMasterImmutableId"],
        "title": "Private" if private else truth["subject"],
        "start": _utc(truth["start"]),
        "end": _utc(truth["end"]),
        "allDay": truth["isAllDay"],
        "availability": truth["showAs"],
        "cancelled": truth["isCancelled"],
    }


def expected_calendar(view: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the public events of a calendar view by their id."""
    return {event["id"]: event for event in map(expected_event, view)}


def _utc(moment: dict[str, str]) -> str:
    if moment["timeZone"] != "UTC":
        raise ValueError(f"the truth is told in {moment['timeZone']}")
    return datetime.fromisoformat(moment["dateTime"]).replace(microsecond=0, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
