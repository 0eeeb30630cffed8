"""Check a delivery strictly against the contract: exactly these fields with exactly these types.

A production partner should ignore unknown fields. This one verifies a promise ("only these fields leave the tenant"),
so it reports every unexpected field.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

PING = "calendar.relay.ping"  # a test delivery with which an administrator checks that deliveries arrive
TYPES = ("calendar.event.created", "calendar.event.updated", "calendar.event.deleted")
APPOINTMENT_TYPES = tuple(f"bookings.appointment.{kind}" for kind in ("created", "updated", "cancelled"))
AVAILABILITY = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")

_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # whole seconds: they sort as texts
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
Check = Callable[[Any], bool]


def _is_name(value: Any) -> bool:
    """Accept a non-empty string."""
    return isinstance(value, str) and value != ""


def _is_time(value: Any) -> bool:
    """Accept an ISO 8601 time in UTC, in whole seconds and written with Z."""
    if not isinstance(value, str) or not _UTC_TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date(value: Any) -> bool:
    """Accept an ISO 8601 date."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_bool(value: Any) -> bool:
    """Accept true or false."""
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
    "startDate": lambda value: value is None or _is_date(value),
    "endDate": lambda value: value is None or _is_date(value),
    "allDay": _is_bool,
    "availability": lambda value: value in AVAILABILITY,
    "cancelled": _is_bool,
}


APPOINTMENT_PAYLOAD: dict[str, Check] = {**PAYLOAD, "type": lambda value: value in APPOINTMENT_TYPES}
APPOINTMENT: dict[str, Check] = {
    "id": lambda value: _is_name(value) and "/" not in value,
    "businessId": lambda value: _is_name(value) and "@" in value,
    "serviceId": lambda value: value is None or _is_name(value),
    "staffIds": lambda value: isinstance(value, list) and all(map(_is_name, value)),
    "start": _is_time,
    "end": _is_time,
    "status": lambda value: value in ("booked", "cancelled"),
}


def violations(payload: Any) -> tuple[str, ...]:
    """Return what in a delivery's JSON breaks the contract; empty if nothing does.

    The lines contain names of fields, never their values, so that they can be logged.
    """
    if isinstance(payload, dict) and payload.get("type") == PING:
        return tuple(_compare("payload", payload, PING_PAYLOAD))
    if isinstance(payload, dict) and payload.get("type") in APPOINTMENT_TYPES:
        return tuple(_appointment_violations(payload))
    lines = _compare("payload", payload, PAYLOAD)
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, dict):
        return tuple(lines)
    lines += _compare("data", data, DATA)
    event = data.get("event")
    if isinstance(event, dict):
        deleted = payload.get("type") == "calendar.event.deleted"
        lines += _compare("data.event", event, DELETED_EVENT if deleted else EVENT)
        if _is_time(event.get("start")) and _is_time(event.get("end")) and _ends_early(event):
            lines.append("data.event: ends before it starts")
        if not deleted and not _has_its_dates(event):
            lines.append("data.event: its dates are not those of an all-day event")
    return tuple(lines)


def _appointment_violations(payload: dict[str, Any]) -> list[str]:
    """Return the violations of a delivery about an appointment."""
    data = payload.get("data")
    lines = _compare("payload", payload, APPOINTMENT_PAYLOAD)
    lines += _compare("data", data, {"appointment": lambda value: isinstance(value, dict)})
    appointment = data.get("appointment") if isinstance(data, dict) else None
    if isinstance(appointment, dict):
        lines += _compare("data.appointment", appointment, APPOINTMENT)
        if (appointment.get("status") == "cancelled") != payload["type"].endswith(".cancelled"):
            lines.append("data.appointment.status: not that of the type")
        if _is_time(appointment.get("start")) and _is_time(appointment.get("end")) and _ends_early(appointment):
            lines.append("data.appointment: ends before it starts")
    return lines


def _ends_early(event: dict[str, str]) -> bool:
    """Return whether an event's end is before its start."""
    return datetime.fromisoformat(event["end"]) < datetime.fromisoformat(event["start"])


def _has_its_dates(event: dict[str, Any]) -> bool:
    """Return whether an all-day event has at least one day, and a timed event has no dates."""
    start, end = event.get("startDate"), event.get("endDate")
    if event.get("allDay") is not True:
        return start is None and end is None
    return _is_date(start) and _is_date(end) and str(start) < str(end)


def _compare(place: str, value: Any, expected: dict[str, Check]) -> list[str]:
    """Return the differences between an object and its expected fields."""
    if not isinstance(value, dict):
        return [f"{place}: not an object"]
    lines = [f"{place}: unexpected field {name!r}" for name in value if name not in expected]
    lines += [f"{place}: no field {name!r}" for name in expected if name not in value]
    lines += [
        f"{place}.{name}: not allowed by the contract"
        for name, allows in expected.items()
        if name in value and not allows(value[name])
    ]
    return lines
