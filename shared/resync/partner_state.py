"""What the partner has of an event, by its ledger entry, and the webhook-id of what is sent next. Pure.

The partner may have taken a delivery that the relay counts as failed: its response was lost, or the worker was killed
before it wrote the ledger. So a state that was sent stays in the entry (`tried`) until the partner acknowledges one,
and until then the event counts as one that the partner may have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.partner.payload import DELETED
from shared.resync.occurrences import is_master
from shared.storage.ledger_entry import UNKNOWN, UNKNOWN_BEFORE, UNKNOWN_ID, Entry

SECOND = timedelta(seconds=1)  # the resolution of a timestamp in a body


@dataclass(frozen=True, slots=True)
class Sending:
    """A state as it is sent: its text in the webhook-id, and the number in it (Entry.deletions)."""

    text: str
    number: int


def partner_has(entry: Entry) -> bool:
    """Return whether the partner acknowledged the event and has it."""
    return bool(entry.delivered_state) and entry.delivered_state != DELETED and not is_master(entry)


def partner_may_have(entry: Entry) -> bool:
    """Return whether the partner has the event, or may have taken it without an acknowledgement."""
    return partner_has(entry) or bool(entry.tried)


def is_news(entry: Entry, state: str, *, looks_same: bool) -> bool:
    """Return whether a state of an existing event is to be sent, if the partner has or may have the event.

    After a claim that expired (UNKNOWN) the same etag is no news: a deletion is written to the entry before it is sent,
    so the owner of that claim can only have sent this state.
    """
    if entry.tried == UNKNOWN:
        return entry.delivered_state != state
    return bool(entry.tried) or not (entry.delivered_state == state or looks_same)


def deletion_of(entry: Entry) -> str:
    """Return the state that the deletion of an event is sent as: the one that is open, if a deletion was sent last.

    An instance of an earlier version may have changed `delivered_state` since, which must not give it another id.
    """
    open_state = tried_state(entry)
    return open_state if open_state.startswith(f"{DELETED} ") else f"{DELETED} {entry.delivered_state}"


def sending(entry: Entry, state: str) -> Sending:
    """Return how a state is sent: as before at every attempt, but as another one if a different state was tried since.

    The receiver drops an id that it knows. A state that returns after another one, such as after a deletion, must have
    a new id, also if the partner has not acknowledged that other one. What an earlier version tried keeps its id.
    """
    same = _text(state, entry.deletions)
    is_first = entry.tried in ("", UNKNOWN, UNKNOWN_ID, same)
    if is_first or (entry.tried == UNKNOWN_BEFORE and state != entry.delivered_state):
        return Sending(same, entry.deletions)
    return Sending(_text(state, entry.deletions + 1), entry.deletions + 1)


def needs_intent(entry: Entry, state: Sending, kind: str) -> bool:
    """Return whether a state must be in the entry before it is sent, because the worker may be killed in between.

    Of one kill the entry shows that something may have been sent. What that was must be known if it was a deletion, or
    if another state was already open.
    """
    return entry.tried != state.text and (kind == DELETED or bool(entry.tried))


def tried_state(entry: Entry) -> str:
    """Return the state (etag) that was sent last and not acknowledged, "" if none or unknown."""
    if entry.tried in ("", UNKNOWN, UNKNOWN_ID, UNKNOWN_BEFORE):
        return ""
    return entry.tried.removesuffix(f" {entry.deletions}") if entry.deletions else entry.tried


def sent_as(entry: Entry, moment: datetime) -> datetime:
    """Return the timestamp of the next delivery: `moment` in whole seconds, but later than each one before."""
    whole = moment.replace(microsecond=0)
    return whole if entry.sent_as is None else max(whole, entry.sent_as.replace(microsecond=0) + SECOND)


def _text(state: str, number: int) -> str:
    return f"{state} {number}" if number else state
