"""Sync one event: read it, compare it with its ledger entry, and deliver the difference.

The caller holds the claim on the entry, so no other process reads or delivers the same event meanwhile. What the
partner may have (shared.resync.partner_state) counts as known: nothing is left out that could leave it with an old
state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.delivery.calendar_read import is_on_calendar
from shared.delivery.posting import News, NotSent, Posting
from shared.errors import GraphNotFound
from shared.graph.clock import GraphClock
from shared.graph.events import ITEM_NOT_FOUND, Events, is_of_type
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.resync import occurrences
from shared.resync.fingerprints import Fingerprints
from shared.resync.occurrences import Occurrences
from shared.resync.partner_state import deletion_of, is_news, partner_has, partner_may_have, tried_state
from shared.resync.window import window_of
from shared.storage.ledger_entry import Entry
from shared.storage.watches import Watch

if TYPE_CHECKING:
    from shared.config import Settings


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The entry to write, without the marks of this read, whether a delivery was made (`news`), and the changes of a
    series' occurrences to queue.

    `second_look`: the change to queue for a later read, because Graph did not find the event, or its view is not
    certain. `stays_dead`: the event's state is a dead letter, which stays.
    """

    entry: Entry
    news: bool = False
    following: tuple[Change, ...] = ()
    second_look: Change | None = None
    stays_dead: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """The change of a message, for the watch and the ledger entry of its event; `read_at` by Graph's clock."""

    watch: Watch
    message: ChangeMessage
    change: Change
    entry: Entry
    read_at: datetime

    @property
    def first_at(self) -> datetime:
        """When Graph first notified the relay of what is owed."""
        return self.change.first_at or self.message.notified_at

    def news(self, kind: str, state: str, public: dict[str, Any]) -> News:
        return News(kind, state, public, self.read_at, self.message.origin)


@dataclass(frozen=True)
class EventSync:
    """Reads events at Graph and delivers them to the partner."""

    settings: Settings
    events: Events
    occurrences: Occurrences
    fingerprints: Fingerprints
    posting: Posting
    clock: GraphClock

    def sync_event(
        self, watch: Watch, message: ChangeMessage, change: Change, entry: Entry, began: datetime
    ) -> SyncResult:
        """Sync one event of a message; `began` is a moment before its read, by this instance's clock.

        Until the entry is released, no read is marked in it: if the worker is killed, its message comes again, and must
        not be covered by this read.

        Raises NotSent when the partner did not take the delivery; ClaimLost when the entry must not be written;
        GraphError, UnreadableEvent, ConfigurationError or ServiceUnavailable when nothing was sent. The call can be
        repeated, with the same webhook-id while the event's state is the same.
        """
        event = self._read(watch.mailbox, change)
        task = _Task(watch, message, change, entry, self.clock.corrected(began))
        if event is None:
            return self._gone(task)
        return self._checked(task, event) if checks_calendar(change, entry) else self._existing(task, event)

    def _read(self, mailbox: str, change: Change) -> dict[str, Any] | None:
        """Return the event, or None if Graph does not find it."""
        try:
            return self.events.get(mailbox, change.event_id)
        except GraphNotFound as error:
            if error.code == ITEM_NOT_FOUND:
                return None
            raise

    def _checked(self, task: _Task, event: dict[str, Any]) -> SyncResult:
        """Sync an event that was deleted, or may have been, and that a GET returns: it was restored, or it is in
        Deleted Items and its immutable id still works. Only the calendar view distinguishes the two.

        The view lags behind the calendar for up to two minutes. So a view that contradicts the notification, or stands
        alone after a resync, counts only if it says the same later.
        """
        change = task.change
        is_listed = is_on_calendar(self.events, self.occurrences, task.watch.mailbox, event)
        is_confirmed = change.is_second_look or (change.deleted and not task.message.yields)
        if not is_listed and is_confirmed:
            gone = self._gone(task)
            # Late notifications of it may still come, and a GET finds it: their reads check the view, too.
            state = gone.entry.delivered_state or payload.DELETED
            return replace(gone, entry=replace(gone.entry, delivered_state=state))
        result = self._existing(task, event) if is_listed else SyncResult(task.entry)
        is_final = change.is_second_look or (is_listed and not change.deleted)
        return result if is_final else replace(result, second_look=_later_look(task))

    def _existing(self, task: _Task, event: dict[str, Any]) -> SyncResult:
        is_series = is_of_type(event, "seriesMaster")
        return self._master(task, event) if is_series else self._present(task, event)

    def _present(self, task: _Task, event: dict[str, Any]) -> SyncResult:
        """Deliver the state of an existing event. Outside the window (at the time of the notification), deliver it only
        if the partner has, or may have, the event.
        """
        entry, force = task.entry, task.message.force
        state, public = payload.etag_of(event), payload.public_event(event)
        following = self.occurrences.all_gone(task.watch, task.change) if _may_have_been_series(task, event) else ()
        if _is_dead_letter(task, state):
            times = {"start": public["start"], "end": public["end"]}  # so that a resync knows that it left the window
            return SyncResult(replace(entry, **times), following=following, stays_dead=True)
        is_same = self.fingerprints.is_same(entry, public)
        if not force and not is_news(entry, state, looks_same=is_same):
            later = self._later_look_at_deletion(task, event, state)
            return SyncResult(self._acknowledged(entry, state, public), following=following, second_look=later)
        window = window_of(self.settings, task.first_at)
        is_inside = window.overlaps(public["start"], public["end"])
        if not is_inside and not partner_may_have(entry):
            return SyncResult(entry, following=following)
        is_update = (partner_has(entry) and not force) or not is_inside
        news = task.news("updated" if is_update else "created", state, public)
        sent = self._sent(task, news, following)
        return SyncResult(self._acknowledged(sent, state, public), news=True, following=following)

    def _later_look_at_deletion(self, task: _Task, event: dict[str, Any], state: str) -> Change | None:
        """Return the change to queue for an event that looks as before and is not on the calendar any more: Graph may
        notify a move to Deleted Items as a change.
        """
        is_same_state = task.entry.delivered_state == state
        if is_same_state or task.change.deleted or task.message.yields or not partner_has(task.entry):
            return None
        return None if is_on_calendar(self.events, self.occurrences, task.watch.mailbox, event) else _later_look(task)

    def _acknowledged(self, entry: Entry, state: str, public: dict[str, Any]) -> Entry:
        """Return the entry of an event that the partner has in this state."""
        times = {"start": public["start"], "end": public["end"], "series_id": public["seriesId"] or ""}
        fingerprint = self.fingerprints.fingerprint(public)
        return replace(entry, delivered_state=state, fingerprint=fingerprint, tried="", **times)

    def _gone(self, task: _Task) -> SyncResult:
        """Deliver the deletion of an event that the partner has or may have.

        Graph may not find an event for a while after its creation. So a 404 that no notification of a deletion explains
        counts only if it is there a minute later, too.
        """
        watch, change, entry = task.watch, task.change, task.entry
        if not change.deleted and not change.is_second_look:
            second_look = replace(change, is_second_look=True, first_at=task.first_at)
            return SyncResult(entry, second_look=second_look)
        following = self.occurrences.all_gone(watch, change)
        if _is_dead_letter(task, deletion_of(entry)):
            return SyncResult(entry, following=following, stays_dead=True)
        if not partner_may_have(entry):
            state = payload.DELETED if entry.delivered_state else ""
            return SyncResult(replace(entry, delivered_state=state), following=following)
        public = payload.deleted_event(change.event_id, entry.series_id or None)
        return SyncResult(self._deleted(task, public, following), news=True, following=following)

    def _master(self, task: _Task, event: dict[str, Any]) -> SyncResult:
        """Queue the changed occurrences of a series, which is never delivered itself. If the partner has, or may have,
        the event as a single event, deliver its deletion.
        """
        entry, news = task.entry, partner_may_have(task.entry)
        first = window_of(self.settings, task.first_at)
        following = self.occurrences.changed(task.watch, task.change, first, task.first_at)
        if news:
            entry = self._deleted(task, payload.deleted_event(task.change.event_id, None), following)
        state = occurrences.master_state(payload.etag_of(event))
        return SyncResult(replace(entry, delivered_state=state, fingerprint=""), news, following)

    def _deleted(self, task: _Task, public: dict[str, Any], following: tuple[Change, ...]) -> Entry:
        sent = self._sent(task, task.news(payload.DELETED, deletion_of(task.entry), public), following)
        return replace(sent, delivered_state=payload.DELETED, deletions=sent.deletions + 1, fingerprint="")

    def _sent(self, task: _Task, news: News, following: tuple[Change, ...]) -> Entry:
        """Send, and return the entry. If that fails, the changes of occurrences do not wait for the next attempt."""
        try:
            return self.posting.send(task.watch, task.entry, news)
        except NotSent as unsent:
            unsent.following = following
            raise


def _later_look(task: _Task) -> Change:
    """Return the change that reads event and view again, when the view has caught up with the calendar."""
    return replace(task.change, deleted=True, is_second_look=True, first_at=task.first_at)


def checks_calendar(change: Change, entry: Entry) -> bool:
    """Return whether an attempt also checks the calendar view."""
    return change.deleted or entry.delivered_state == payload.DELETED


def _is_dead_letter(task: _Task, state: str) -> bool:
    """Return whether a state is a dead letter, which a resync does not send again: it waits for its replay."""
    return task.message.yields and task.entry.is_dead_lettered and tried_state(task.entry) == state


def _may_have_been_series(task: _Task, event: dict[str, Any]) -> bool:
    """Return whether the partner may have occurrences of a series that an event was before: it is known as one, or it
    is new to the ledger. What a resync queues (`yields`) needs no search: it finds such occurrences by itself.
    """
    entry, is_single = task.entry, is_of_type(event, "singleInstance")
    is_new = not entry.delivered_state and not task.message.yields and is_single
    return occurrences.is_master(entry) or is_new
