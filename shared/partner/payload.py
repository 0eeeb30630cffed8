"""The public JSON of an event, for the partner and callers. Pure.

An allow-list by construction: a field that is not named here cannot leave the relay. A private or confidential event
has the title "Private" and its times: hiding the subject is the app's duty ("event resource type": sensitivity).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from shared.graph.events import graph_value
from shared.utc import format_utc

PRIVATE_TITLE = "Private"
DELETED = "deleted"  # the state of a deleted event; no etag has this value
AVAILABILITIES = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere"})
_SHOWN = frozenset({"normal", "personal"})  # sensitivities of an event whose title may leave
_UTC_NAMES = frozenset({"utc", "etc/utc", "tzone://microsoft/utc"})


class UnreadableEvent(ValueError):
    """Graph's event lacks a required property; the text names the property, never its value."""


def public_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return the public event for one that Graph returned in UTC. Raises UnreadableEvent.

    An all-day event is at midnight in every zone that a call asks for ("event resource type": isAllDay), so its days
    are those of its `start` and `end`, wherever its mailbox is. A timed event has none: which day it is on depends on
    the reader's zone.
    """
    start, end = moment_of(event, "start"), moment_of(event, "end")
    all_day = event.get("isAllDay") is True
    return {
        "id": event_id_of(event),
        "seriesId": _series_id(event.get("seriesMasterId")),
        "title": _title(event),
        "start": format_utc(start),
        "end": format_utc(end),
        "startDate": start.date().isoformat() if all_day else None,
        "endDate": end.date().isoformat() if all_day else None,
        "allDay": all_day,
        "availability": _availability(event.get("showAs")),
        "cancelled": event.get("isCancelled") is True,
    }


def detailed_event(event: dict[str, Any], details: frozenset[str]) -> dict[str, Any]:
    """Return the public event with the details that EVENT_DETAIL allows; for a private event they are None.

    Only for callers: a delivery never has details. Attendees are counted, not named. Raises UnreadableEvent.
    """
    hidden = _is_private(event)
    allowed = {name: read for name, read in _DETAILS.items() if name in details}
    return public_event(event) | {name: None if hidden else read(event.get(name)) for name, read in allowed.items()}


def deleted_event(event_id: str, series_id: str | None) -> dict[str, Any]:
    """Return the public form of a deleted event: only its ids."""
    return {"id": event_id, "seriesId": series_id}


def body_of(kind: str, watch_id: str, mailbox: str, event: dict[str, Any], moment: datetime) -> str:
    """Return the body of a delivery: `kind` is created, updated or deleted; `moment` is when the event was read."""
    content = {
        "type": f"calendar.event.{kind}",
        "timestamp": format_utc(moment),
        "data": {"subscriptionId": watch_id, "mailbox": mailbox, "event": event},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def message_id(watch_id: str, event_id: str, state: str, born: str = "") -> str:
    """Return the webhook-id: the same for the same state (etag) of the same event, at every attempt.

    `born` is the watch's incarnation: a mailbox that is watched again gets other ids, which no receiver has seen. It is
    empty for watches of an earlier version, whose ids stay.
    """
    parts = (watch_id, event_id, state, born) if born else (watch_id, event_id, state)
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace"))
    return f"msg_{digest.hexdigest()[:40]}"


def event_id_of(event: dict[str, Any]) -> str:
    """Return the id of Graph's event. Raises UnreadableEvent."""
    return _text(event, "id")


def etag_of(event: dict[str, Any]) -> str:
    """Return the etag, which changes with every write to the event. Raises UnreadableEvent."""
    return _text(event, "@odata.etag")


def moment_of(event: dict[str, Any], name: str) -> datetime:
    """Return a dateTimeTimeZone in UTC, without fractions of a second. Raises UnreadableEvent."""
    value = event.get(name)
    if not isinstance(value, dict) or str(value.get("timeZone")).lower() not in _UTC_NAMES:
        raise UnreadableEvent(f"{name} is not given in UTC")
    try:
        moment = datetime.fromisoformat(str(value.get("dateTime")))
    except ValueError:
        raise UnreadableEvent(f"{name} is not a date and time") from None
    if moment.tzinfo is not None:
        raise UnreadableEvent(f"{name} has both an offset and a zone")
    return moment.replace(microsecond=0, tzinfo=UTC)


def _series_id(master: object) -> str | None:
    return master if isinstance(master, str) and master else None


def _availability(shown_as: object) -> str:
    return graph_value(shown_as, AVAILABILITIES) or "unknown"


def _title(event: dict[str, Any]) -> str:
    if _is_private(event):
        return PRIVATE_TITLE
    subject = event.get("subject")
    return subject if isinstance(subject, str) else ""


def _is_private(event: dict[str, Any]) -> bool:
    return graph_value(event.get("sensitivity"), _SHOWN) is None  # missing and unknown future values count as private


def _location(location: object) -> str | None:
    name = location.get("displayName") if isinstance(location, dict) else None
    return name if isinstance(name, str) and name else None


def _organizer(organizer: object) -> dict[str, str | None] | None:
    mailbox = organizer.get("emailAddress") if isinstance(organizer, dict) else None
    if not isinstance(mailbox, dict):
        return None
    texts = {name: mailbox.get(name) for name in ("name", "address")}
    return {name: text if isinstance(text, str) and text else None for name, text in texts.items()}


def _number(attendees: object) -> int:
    return len(attendees) if isinstance(attendees, list) else 0


_DETAILS: dict[str, Callable[[object], Any]] = {  # by the values of EVENT_DETAIL, which are also Graph's names
    "location": _location,
    "organizer": _organizer,
    "attendees": _number,
}


def _text(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableEvent(f"{name} is missing")
    return value
