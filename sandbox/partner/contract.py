"""The contract of a delivery, checked to the letter: exactly these fields, exactly these kinds of values.

A partner in production does well to ignore fields that it does not know. This one is the judge of a promise
("only these fields leave the tenant"), so it names every field too many.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

PING = "calendar.relay.ping"  # a test delivery, by which an administrator sees that deliveries arrive
TYPES = ("calendar.event.created", "calendar.event.updated", "calendar.event.deleted")
AVAILABILITY = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")

_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
Check = Callable[[Any], bool]


def _is_name(value: Any) -> bool:
    """Accept a string that is not empty."""
    return isinstance(value, str) and value != ""


def _is_time(value: Any) -> bool:
    """Accept an ISO 8601 moment in UTC, written with Z."""
    if not isinstance(value, str) or not _UTC_TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_bool(value: Any) -> bool:
    """Accept JSON's true or false."""
    return isinstance(value, bool)


PAYLOAD: dict[str, Check] = {
    "type": lambda value: value in TYPES,
    "timestamp": _is_time,
    "data": lambda value: isinstance(value, dict),
}
PING_PAYLOAD: dict[str, Check] = {**PAYLOAD, "type": lambda value: value == PING, "data": lambda value: value == {}}
DATA: dict[str, Check] = {
    "subscriptionId": _is_name,
    "mailbox": _is_name,
    "event": lambda value: isinstance(value, dict),
}
DELETED_EVENT: dict[str, Check] = {
    "id": _is_name,
    "seriesId": lambda value: value is None or _is_name(value),
}
EVENT: dict[str, Check] = {
    **DELETED_EVENT,
    "title": lambda value: isinstance(value, str),
    "start": _is_time,
    "end": _is_time,
    "allDay": _is_bool,
    "availability": lambda value: value in AVAILABILITY,
    "cancelled": _is_bool,
}


def violations(payload: Any) -> tuple[str, ...]:
    """Name everything about a delivery's JSON that the contract does not allow; empty when it is kept.

    The lines name fields, never their values, so that they can be logged.
    """
    if isinstance(payload, dict) and payload.get("type") == PING:
        return tuple(_compare("payload", payload, PING_PAYLOAD))
    found = _compare("payload", payload, PAYLOAD)
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, dict):
        return tuple(found)
    found += _compare("data", data, DATA)
    event = data.get("event")
    if isinstance(event, dict):
        deleted = payload.get("type") == "calendar.event.deleted"
        found += _compare("data.event", event, DELETED_EVENT if deleted else EVENT)
        if _is_time(event.get("start")) and _is_time(event.get("end")) and _ends_early(event):
            found.append("data.event: ends before it starts")
    return tuple(found)


def _ends_early(event: dict[str, str]) -> bool:
    """Tell whether an event's end lies before its start."""
    return datetime.fromisoformat(event["end"]) < datetime.fromisoformat(event["start"])


def _compare(place: str, found: Any, expected: dict[str, Check]) -> list[str]:
    """Name what differs between an object and the fields expected of it."""
    if not isinstance(found, dict):
        return [f"{place}: not an object"]
    lines = [f"{place}: unexpected field {name!r}" for name in found if name not in expected]
    lines += [f"{place}: no field {name!r}" for name in expected if name not in found]
    lines += [
        f"{place}.{name}: not allowed by the contract"
        for name, allows in expected.items()
        if name in found and not allows(found[name])
    ]
    return lines
