"""The transactionIds of a mailbox, as Exchange remembers them for a while, also of events that were deleted since.

Graph: event resource type, transactionId. A repeated id returns the event that it made; for a different event, or for
one that is gone, it is rejected. How long Exchange remembers is not documented: here for the setting
transactionSeconds.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.calendar import Calendar
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.settings import setting

USED = (
    "Your request can't be completed. The TransactionId specified in the request has already been used to create a "
    "different event."
)


def earlier_event(calendar: Calendar, event: Event, now: datetime, settings: Mapping[str, Any]) -> Event | None:
    """Return the event that an earlier call with the same transactionId made, None if it is not remembered.

    Raises GraphError, with ErrorDuplicateTransactionId, when that was a different event or is gone. The settings of the
    tenant say for how long, with which status, and whether the error names the event.
    """
    if event.transaction is None:
        return None
    existing, moment = calendar.transactions.get(event.transaction, (None, now))
    if existing is None or now - moment >= timedelta(seconds=setting(settings, "transactionSeconds")):
        return None
    is_there = calendar.find(existing.ids[1]) is existing
    if identity(existing) == identity(event) and is_there:
        return existing
    is_named = is_there and setting(settings, "transactionNamesEvent")
    names = {"@event.existingEventId": existing.ids[1]} if is_named else {}
    raise GraphError(setting(settings, "transactionStatus"), "ErrorDuplicateTransactionId", USED, None, **names)


def identity(event: Event) -> tuple[object, ...]:
    """Return what a transactionId compares to detect a different event."""
    return event.start.utc, event.end.utc, event.folder, event.fields["subject"], event.rule and event.rule.text
