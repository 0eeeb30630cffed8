"""Bring the partner up to date on one event: read it, compare it with the ledger, deliver what is new.

The caller holds the claim on the ledger's entry, so nobody else reads or delivers the same event meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphNotFound, ServiceUnavailable
from shared.graph.events import GONE, Events
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

DELIVERY = timedelta(seconds=30)  # that one may take, with the signing secret read from the vault


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The entry to write, whether the partner got news, and changes that follow from a series."""

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
        """Bring the partner up to date on one event of a message. `read_at` is a moment before the reading begins.

        Raises GraphError, NotDelivered, UnreadableEvent, ConfigurationError or ServiceUnavailable: then nothing has
        changed, and the same call later does the same, with the same webhook-id while the event's state is the same.
        """
        entry = replace(start_read(change, entry, read_at), retry_token="")
        event = self._read(watch.mailbox, change, check_calendar=entry.checked_calendar)
        if event is None:
            return self._gone(watch, change, entry)
        if event.get("type") == "seriesMaster":
            return self._master(watch, change, entry, event)
        return self._present(watch, message, change, entry, event)

    def _read(self, mailbox: str, change: Change, *, check_calendar: bool) -> dict[str, Any] | None:
        """Return the event as it is on the calendar, None when it is gone.

        Graph may find an event that it said was deleted (`check_calendar`): it was restored, or it lies among the
        deleted items, where its immutable id still leads to it. The calendar view tells which.
        """
        try:
            event = self.events.get(mailbox, change.event_id)
        except GraphNotFound as error:
            if error.code == GONE:
                return None
            raise
        return None if check_calendar and not self._is_on_calendar(mailbox, event) else event

    def _is_on_calendar(self, mailbox: str, event: dict[str, Any]) -> bool:
        """Return whether the calendar shows an event; of a series, which it never shows, one of the occurrences."""
        shown = self.occurrences.first_of(mailbox, event) if event.get("type") == "seriesMaster" else event
        if shown is None:
            return False
        start, end = payload.moment_of(shown, "start"), payload.moment_of(shown, "end")
        view = self.events.calendar_view(mailbox, start, end + timedelta(seconds=1))
        return any(payload.event_id_of(event) == payload.event_id_of(shown) for event in view)

    def _present(
        self, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, event: dict[str, Any]
    ) -> SyncResult:
        """Deliver the state of an event that is there; one outside the window (as it was at the notification) only if
        the partner knows it.
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
        """Deliver that an event is gone. Unknown events are reported as deleted as well: the partner may know them from
        elsewhere.
        """
        following = self.occurrences.all_gone(watch, change)
        if entry.delivered_state == payload.DELETED or occurrences.is_master(entry):
            return SyncResult(replace(entry, delivered_state=payload.DELETED), following=following)
        public = payload.gone_event(change.event_id, entry.series_id or None)
        return SyncResult(self._deliver_deletion(watch, entry, public), news=True, following=following)

    def _master(self, watch: Watch, change: Change, entry: Entry, event: dict[str, Any]) -> SyncResult:
        """A series itself is never delivered: its occurrences are. What was a single event before is gone as such."""
        news = _partner_has(entry)
        if news:
            entry = self._deliver_deletion(watch, entry, payload.gone_event(change.event_id, None))
        following = self.occurrences.changed(watch, change)
        state = occurrences.master_state(payload.etag_of(event))
        return SyncResult(replace(entry, delivered_state=state), news, following)

    def _deliver_deletion(self, watch: Watch, entry: Entry, public: dict[str, Any]) -> Entry:
        self._deliver(watch, entry, "deleted", f"{payload.DELETED} {entry.delivered_state}", public)
        return replace(entry, delivered_state=payload.DELETED, deletions=entry.deletions + 1)

    def _deliver(self, watch: Watch, entry: Entry, kind: str, state: str, public: dict[str, Any]) -> None:
        if entry.read_at is None:
            raise ValueError("nothing was read")
        if entry.deletions:  # a state that comes back after its deletion is news once more
            state = f"{state} {entry.deletions}"
        if entry.claimed_until is None or entry.claimed_until - self.now() < DELIVERY:
            text = "ends too soon: who takes it over may tell a newer state meanwhile"
            raise ServiceUnavailable("the claim on the event", text)
        body = payload.body_of(kind, watch.id, watch.mailbox, public, entry.read_at)
        self.webhook.deliver(payload.message_id(watch.id, entry.event_id, state), body)


def start_read(change: Change, entry: Entry, read_at: datetime) -> Entry:
    """Return the entry of an event whose reading begins now, and whether that checks the calendar view."""
    check_calendar = change.deleted or entry.delivered_state == payload.DELETED
    return replace(entry, read_at=read_at, checked_calendar=check_calendar)


def _partner_has(entry: Entry) -> bool:
    has_state = bool(entry.delivered_state) and entry.delivered_state != payload.DELETED
    return has_state and not occurrences.is_master(entry)
