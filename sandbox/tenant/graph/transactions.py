"""The transactionIds of a mailbox, as Exchange remembers them for a while, also of events that were deleted since.

Graph: event resource type, transactionId. A repeated id returns the event that it made; for a different event, or for
one that is gone, it is rejected. How long Exchange remembers is not documented: here for the setting
transactionSeconds.
"""

from datetime import datetime, timedelta

from sandbox.tenant.graph.calendar import Calendar
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.event import Event

USED = (
    "Your request can't be completed. The TransactionId specified in the request has already been used to create a "
    "different event."
)


def earlier_event(calendar: Calendar, event: Event, now: datetime, seconds: float, status: int) -> Event | None:
    """Return the event that an earlier call with the same transactionId made, None if it is not remembered.

    Raises GraphError, with ErrorDuplicateTransactionId and the status, when that was a different event or is gone.
    """
    if event.transaction is None:
        return None
    existing, moment = calendar.transactions.get(event.transaction, (None, now))
    if existing is None or now - moment >= timedelta(seconds=seconds):
        return None
    if identity(existing) != identity(event) or calendar.find(existing.ids[1]) is not existing:
        raise GraphError(status, "ErrorDuplicateTransactionId", USED)
    return existing


def identity(event: Event) -> tuple[object, ...]:
    """Return what a transactionId compares to detect a different event."""
    return event.start.utc, event.end.utc, event.folder, event.fields["subject"], event.rule and event.rule.text
