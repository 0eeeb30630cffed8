"""Sync one event: read it, compare it with its ledger entry, and deliver the difference.

The caller holds the claim on the entry, so no other process reads or delivers the same event meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphNotFound, ServiceUnavailable
from shared.graph.events import ITEM_NOT_FOUND, Events
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.partner.webhook import Webhook
from shared.resync import occurrences
from shared.resync.occurrences import Occurrences
from shared.resync.window import window_of
from shared.storage.ledger import Entry
from shared.storage.watches import Watch

if TYPE_CHECKING:
    from shared.config import Settings

DELIVERY = timedelta(seconds=30)  # maximum time of a delivery, including the read of the signing secret


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The entry to write, whether a delivery was made (`news`), and the changes of a series' occurrences to queue."""

    entry: Entry
    news: bool = False
    following: tuple[Change, ...] = ()


@dataclass(frozen=True)
class EventSync:
    """Reads events at Graph and delivers them to the partner."""

    settings: Settings
    events: Events
    occurrences: Occurrences
    webhook: Webhook
    now: Callable[[], datetime]

    def sync_event(
        self, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, read_at: datetime
    ) -> SyncResult:
        """Sync one event of a message. `read_at` is a time before the read begins.

        Raises GraphError, NotDelivered, UnreadableEvent, ConfigurationError or ServiceUnavailable: then nothing was
        recorded, and the call can be repeated, with the same webhook-id while the event's state is the same.
        """
        entry = replace(start_read(change, entry, read_at), retry_token="")
        event = self._read(watch.mailbox, change, check_calendar=entry.checked_calendar)
        if event is None:
            return self._gone(watch, change, entry)
        if event.get("type") == "seriesMaster":
            return self._master(watch, change, entry, event)
        return self._present(watch, message, change, entry, event)

    def _read(self, mailbox: str, change: Change, *, check_calendar: bool) -> dict[str, Any] | None:
        """Return the event as it is on the calendar, or None if it was deleted.

        After a notification of a deletion (`check_calendar`) a GET may still return the event: it was restored, or it
        is soft-deleted and its immutable id still works. Only the calendar view distinguishes the two.
        """
        try:
            event = self.events.get(mailbox, change.event_id)
        except GraphNotFound as error:
            if error.code == ITEM_NOT_FOUND:
                return None
            raise
        return None if check_calendar and not self._is_on_calendar(mailbox, event) else event

    def _is_on_calendar(self, mailbox: str, event: dict[str, Any]) -> bool:
        """Return whether the calendar view contains an event; for a series master, which it never contains, check the
        first occurrence.
        """
        expected = self.occurrences.first_of(mailbox, event) if event.get("type") == "seriesMaster" else event
        if expected is None:
            return False
        start, end = payload.moment_of(expected, "start"), payload.moment_of(expected, "end")
        view = self.events.calendar_view(mailbox, start, end + timedelta(seconds=1))
        return any(payload.event_id_of(event) == payload.event_id_of(expected) for event in view)

    def _present(
        self, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, event: dict[str, Any]
    ) -> SyncResult:
        """Deliver the state of an existing event. Outside the window (at the time of the notification), deliver it only
        if the partner has the event.
        """
        state, public = payload.etag_of(event), payload.public_event(event)
        following = self.occurrences.all_gone(watch, change) if occurrences.is_master(entry) else ()
        if entry.delivered_state == state and not message.force:
            return SyncResult(entry)
        has_it = _partner_has(entry)
        window = window_of(self.settings, message.notified_at)
        if not has_it and not window.overlaps(public["start"], public["end"]):
            return SyncResult(entry, following=following)
        self._deliver(watch, entry, "updated" if has_it and not message.force else "created", state, public)
        times = {"start": public["start"], "end": public["end"], "series_id": public["seriesId"] or ""}
        return SyncResult(replace(entry, delivered_state=state, **times), news=True, following=following)

    def _gone(self, watch: Watch, change: Change, entry: Entry) -> SyncResult:
        """Deliver the deletion of an event. Events without a ledger entry are reported as deleted as well: the partner
        may know them from elsewhere.
        """
        following = self.occurrences.all_gone(watch, change)
        if entry.delivered_state == payload.DELETED or occurrences.is_master(entry):
            return SyncResult(replace(entry, delivered_state=payload.DELETED), following=following)
        public = payload.deleted_event(change.event_id, entry.series_id or None)
        return SyncResult(self._deliver_deletion(watch, entry, public), news=True, following=following)

    def _master(self, watch: Watch, change: Change, entry: Entry, event: dict[str, Any]) -> SyncResult:
        """Queue the changed occurrences of a series, which is never delivered itself. If the partner has the event as a
        single event, deliver its deletion.
        """
        news = _partner_has(entry)
        if news:
            entry = self._deliver_deletion(watch, entry, payload.deleted_event(change.event_id, None))
        following = self.occurrences.changed(watch, change)
        state = occurrences.master_state(payload.etag_of(event))
        return SyncResult(replace(entry, delivered_state=state), news, following)

    def _deliver_deletion(self, watch: Watch, entry: Entry, public: dict[str, Any]) -> Entry:
        self._deliver(watch, entry, "deleted", f"{payload.DELETED} {entry.delivered_state}", public)
        return replace(entry, delivered_state=payload.DELETED, deletions=entry.deletions + 1)

    def _deliver(self, watch: Watch, entry: Entry, kind: str, state: str, public: dict[str, Any]) -> None:
        if entry.read_at is None:
            raise ValueError("nothing was read")
        if entry.deletions:  # a state that returns after a deletion must get a new webhook-id
            state = f"{state} {entry.deletions}"
        if entry.claimed_until is None or entry.claimed_until - self.now() < DELIVERY:
            reason = "expires too soon: another process could take it over and deliver a newer state first"
            raise ServiceUnavailable("the claim on the event", reason)
        body = payload.body_of(kind, watch.id, watch.mailbox, public, entry.read_at)
        self.webhook.deliver(payload.message_id(watch.id, entry.event_id, state), body)


def start_read(change: Change, entry: Entry, read_at: datetime) -> Entry:
    """Return the entry with the time of the read that begins, and whether that read checks the calendar view."""
    check_calendar = change.deleted or entry.delivered_state == payload.DELETED
    return replace(entry, read_at=read_at, checked_calendar=check_calendar)


def _partner_has(entry: Entry) -> bool:
    has_state = bool(entry.delivered_state) and entry.delivered_state != payload.DELETED
    return has_state and not occurrences.is_master(entry)
