"""Tell the partner the state of one event: read it, compare it with the ledger, deliver what is new.

The caller holds the claim on the ledger's entry, so nobody else reads or tells the same event meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphNotFound, ServiceUnavailable
from shared.graph.events import GONE
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.parts import Parts
from shared.resync import occurrences
from shared.resync.window import window_of
from shared.storage.ledger import Entry
from shared.storage.watches import Watch

DELIVERY = timedelta(seconds=30)  # that one may take, with the signing secret read from the vault


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it: the entry to write, whether the partner got news, and changes that follow from a series."""

    entry: Entry
    news: bool = False
    following: tuple[Change, ...] = ()


def tell(parts: Parts, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, read_at: datetime) -> Told:
    """Bring the partner up to date on one event of a message. `read_at` is a moment before the reading begins.

    Raises GraphError, NotDelivered, UnreadableEvent, ConfigurationError or ServiceUnavailable: then nothing has
    changed, and the same call later does the same, with the same webhook-id while the event's state is the same.
    """
    entry = replace(begun(change, entry, read_at), retry="")
    event = _read(parts, watch.mailbox, change, doubtful=entry.doubted)
    if event is None:
        return _gone(parts, watch, change, entry)
    if event.get("type") == "seriesMaster":
        return _master(parts, watch, change, entry, event)
    return _present(parts, watch, message, change, entry, event)


def begun(change: Change, entry: Entry, read_at: datetime) -> Entry:
    """Return the entry of an event whose reading begins now, and whether that doubts what it finds."""
    return replace(entry, read_at=read_at, doubted=change.deleted or entry.told == payload.DELETED)


def _read(parts: Parts, mailbox: str, change: Change, *, doubtful: bool) -> dict[str, Any] | None:
    """Return the event as it is on the calendar, None when it is gone.

    Graph may find an event that it said was deleted (`doubtful`): it was restored, or it lies among the deleted
    items, where its immutable id still leads to it. The calendar view tells which.
    """
    try:
        event = parts.events.get(mailbox, change.event_id)
    except GraphNotFound as error:
        if error.code == GONE:
            return None
        raise
    return None if doubtful and not _is_on_calendar(parts, mailbox, event) else event


def _is_on_calendar(parts: Parts, mailbox: str, event: dict[str, Any]) -> bool:
    """Return whether the calendar shows an event; of a series, which it never shows, one of the occurrences."""
    shown = parts.occurrences.one_of(mailbox, event) if event.get("type") == "seriesMaster" else event
    if shown is None:
        return False
    start, end = payload.moment_of(shown, "start"), payload.moment_of(shown, "end")
    view = parts.events.calendar_view(mailbox, start, end + timedelta(seconds=1))
    return any(payload.event_id_of(one) == payload.event_id_of(shown) for one in view)


def _present(
    parts: Parts, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, event: dict[str, Any]
) -> Told:
    """Tell the state of an event that is there; one outside the window (as it was at the hint) only if the partner
    knows it.
    """
    state, picture = payload.etag_of(event), payload.public_event(event)
    following = parts.occurrences.all_gone(watch, change) if occurrences.is_master(entry) else ()
    if entry.told == state and not message.again:
        return Told(entry)
    known = entry.told and entry.told != payload.DELETED and not occurrences.is_master(entry)
    window = window_of(parts.settings, message.hinted)
    if not known and not window.overlaps(picture["start"], picture["end"]):
        return Told(entry, following=following)
    _deliver(parts, watch, entry, "updated" if known and not message.again else "created", state, picture)
    times = {"start": picture["start"], "end": picture["end"], "series_id": picture["seriesId"] or ""}
    return Told(replace(entry, told=state, **times), news=True, following=following)


def _gone(parts: Parts, watch: Watch, change: Change, entry: Entry) -> Told:
    """Tell that an event is gone. One never heard of is told, too: the partner may know it from elsewhere."""
    following = parts.occurrences.all_gone(watch, change)
    if entry.told == payload.DELETED or occurrences.is_master(entry):
        return Told(replace(entry, told=payload.DELETED), following=following)
    picture = payload.gone_event(change.event_id, entry.series_id or None)
    return Told(_told_gone(parts, watch, entry, picture), news=True, following=following)


def _master(parts: Parts, watch: Watch, change: Change, entry: Entry, event: dict[str, Any]) -> Told:
    """A series itself is never told: its occurrences are. What was a single event before is gone as such."""
    news = bool(entry.told) and entry.told != payload.DELETED and not occurrences.is_master(entry)
    if news:
        entry = _told_gone(parts, watch, entry, payload.gone_event(change.event_id, None))
    following = parts.occurrences.changed(watch, change)
    return Told(replace(entry, told=occurrences.master_state(payload.etag_of(event))), news, following)


def _told_gone(parts: Parts, watch: Watch, entry: Entry, picture: dict[str, Any]) -> Entry:
    _deliver(parts, watch, entry, "deleted", f"{payload.DELETED} {entry.told}", picture)
    return replace(entry, told=payload.DELETED, deletions=entry.deletions + 1)


def _deliver(parts: Parts, watch: Watch, entry: Entry, kind: str, state: str, picture: dict[str, Any]) -> None:
    moment = entry.read_at
    if moment is None:
        raise ValueError("nothing was read")
    if entry.deletions:  # a state that comes back after its deletion is news once more
        state = f"{state} {entry.deletions}"
    if entry.claimed_until is None or entry.claimed_until - parts.now() < DELIVERY:
        raise ServiceUnavailable(
            "the claim on the event", "ends too soon: who takes it over may tell a newer state meanwhile"
        )
    body = payload.body_of(kind, watch.id, watch.mailbox, picture, moment)
    parts.webhook.deliver(payload.message_id(watch.id, entry.event_id, state), body)
