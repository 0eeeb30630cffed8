"""Derived ids: the same for the same booking or event, so that a repeated creation makes nothing twice. Pure.

Each begins with the OrganizationId: a copied environment has the same booking ids.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from shared.utc import format_utc

_NAMESPACE = uuid.UUID("6c1c4f0e-9d0a-4f6b-8a52-5b8f6f2f3f61")
MOST_GENERATIONS = 40  # that are looked for when the row of a pair was lost
_EVENT, _BOOKING = "event of a booking", "booking of an event"


def transaction_id(organization: str, booking_id: str, watch_id: str, generation: int) -> str:
    """Return the transactionId of the event that is made for a booking."""
    return _derived(_EVENT, _guid(organization), _guid(booking_id), watch_id, generation)


def generation_of(organization: str, booking: str, watch_id: str, transaction: str) -> int:
    """Return which event of a booking has a transactionId, 0 if none."""
    numbers = range(1, MOST_GENERATIONS + 1)
    same = (each for each in numbers if transaction_id(organization, booking, watch_id, each) == transaction)
    return next(same, 0)


def booking_id(organization: str, user_id: str, event_id: str, original_start: datetime | None, generation: int) -> str:
    """Return the id of the booking that is made for an event. Of an occurrence, `event_id` is that of its series."""
    start = format_utc(original_start) if original_start else ""
    return _derived(_BOOKING, _guid(organization), user_id.lower(), event_id, start, generation)


def mark_of(organization: str, booking: str) -> str:
    """Return the value of the extended property that marks the event of a booking."""
    return f"{_guid(organization)}/{_guid(booking)}"


def marked(mark: str) -> tuple[str, str] | None:
    """Return the organization's id and the booking's id of a mark, or None if it is malformed."""
    organization, _, booking = mark.partition("/")
    try:
        return _guid(organization), _guid(booking)
    except ValueError:
        return None


def _guid(text: str) -> str:
    """Return a GUID in its usual form. Raises ValueError."""
    return str(uuid.UUID(text))


def _derived(kind: str, *parts: str | int) -> str:
    return str(uuid.uuid5(_NAMESPACE, json.dumps([kind, *parts])))
