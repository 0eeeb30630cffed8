"""Compare a mailbox's calendar view with the ledger, and queue the differences.

"List calendarView" returns every single event and occurrence in the window. An event that is new, has another etag, or
is in the ledger but not in the view becomes a change on the queue. The delivery reads the event again, so an error of a
resync (a page read twice, an event changed meanwhile) does not reach the partner.

To save memory, the ledger is held as hashes (22 bytes per event), and both lists are read page by page.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from shared import telemetry
from shared.errors import GraphError
from shared.graph.clock import GraphClock
from shared.graph.events import Events
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.partner.payload import DELETED
from shared.queues import ChangeQueue
from shared.reliability.mailbox_holds import MailboxHolds
from shared.reliability.parking import Parking
from shared.resync import memory, occurrences
from shared.resync.notified_changes import NOTIFIED_WITHIN, NotifiedChanges, expected_since
from shared.resync.partner_state import partner_has, partner_may_have, tried_state
from shared.resync.window import Window
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry, belongs_to, of_watch
from shared.storage.watches import Watch
from shared.utc import format_utc

AT_ONCE = 100  # changes in one message
ON_ITS_WAY = timedelta(hours=1)  # an entry stays for that long after its event has left: a change may be on the queue
FAILED_KEPT = timedelta(days=400)  # retention of an entry whose delivery failed, after its event has left the window
SERIES_KEPT = timedelta(days=400)  # retention of a series master's entry after its last read: it has no end time

_logger = logging.getLogger("relay.resync")


@dataclass(frozen=True)
class Resync:
    """Compares a mailbox's calendar view with the ledger."""

    events: Events
    ledger: Ledger
    changes: ChangeQueue
    parking: Parking
    window: Callable[[], Window]
    clock: GraphClock
    holds: MailboxHolds

    def resync(self, watch: Watch, *, full: bool = False) -> Counter[str]:
        """Queue the differences, or with `full` every event in the window; return the number of events by result.

        Of these `unnotified` changed without a notification, `notified` recently with one (notified_changes.py).
        Entries that have left the window are dropped from the ledger, unless something is owed for them. Raises
        GraphError, ConfigurationError or ServiceUnavailable; the resync can then be repeated, since changes that are
        queued twice do no harm. While Graph asks not to be called for this mailbox (Retry-After), it raises
        GraphUnavailable without a call.
        """
        if watch.delivery != "relay":
            return Counter()
        now, window, counts = self.clock.now(), self.window(), Counter[str]()
        self.holds.check(watch.mailbox, now)
        recent = None if full else self._notified_changes(watch, window, now)
        unseen = self._remembered(watch, window, counts)
        try:
            view = self.events.calendar_view(watch.mailbox, window.start, window.end)
            self._queue(_differing(watch, view, unseen, counts, recent, full=full), force=full)
        except GraphError as error:
            self.holds.note(watch.mailbox, error, self.clock.now())
            raise
        if recent is not None:  # now, before the deliveries of these changes write to their entries
            counts["notified"] = recent.notified
            counts["unnotified"] = recent.unnotified(lambda event_ids: self.ledger.read(watch.id, event_ids))
        if unseen:
            self._queue(self._vanished(watch, window, unseen, counts))
        for result, number in counts.items():
            telemetry.count("resynced", number, end=result)
        _logger.info("Resync of watch %s: %s", watch.id, dict(counts), extra={"watch": watch.id})
        return counts

    def _notified_changes(self, watch: Watch, window: Window, now: datetime) -> NotifiedChanges | None:
        """Return what counts notifications. None while their absence says nothing: also after a wait that Graph asked
        for, when their messages return together with the resync.
        """
        since = expected_since(watch)
        was_held = self.holds.was_held_since(watch.mailbox, now - NOTIFIED_WITHIN)
        return None if since is None or was_held else NotifiedChanges(window, now, since)

    def _remembered(self, watch: Watch, window: Window, counts: Counter[str]) -> dict[bytes, bytes]:
        """Return what the ledger says of each event, packed, by the hash of the event's id. Drop the entries that have
        left the window, and those of a removed watch.

        While changes may be parked, none is dropped: the ledger does not tell for which events.
        """
        remembered: dict[bytes, bytes] = {}
        keeps_all = self.parking.may_hold_changes()
        for page in self.ledger.pages(watch.id):
            left = [entry for entry in page if not keeps_all and _has_left(entry, window)]
            expired = left + [entry for entry in page if entry not in left and not belongs_to(entry, watch)]
            counts["dropped"] += self.ledger.drop(expired)
            expired_ids = {entry.event_id for entry in expired}
            kept = (of_watch(entry, watch) for entry in page if entry.event_id not in expired_ids)
            remembered |= {memory.hashed(entry.event_id): memory.packed(entry) for entry in kept}
        return remembered

    def _vanished(
        self, watch: Watch, window: Window, unseen: dict[bytes, bytes], counts: Counter[str]
    ) -> Iterator[Change]:
        """Yield a deletion for each event that the partner has, or may have, in the window and that the view did not
        contain.
        """
        for page in self.ledger.pages(watch.id):
            for entry in page:
                if memory.hashed(entry.event_id) in unseen and belongs_to(entry, watch) and _is_missed(entry, window):
                    counts["vanished"] += 1
                    yield Change(watch.id, watch.user_id, entry.event_id, deleted=True, series_id=entry.series_id)

    def _queue(self, changes: Iterator[Change], *, force: bool = False) -> None:
        """Queue changes in messages of AT_ONCE. They settle like notified changes: an event may be seconds old."""
        while batch := tuple(islice(changes, AT_ONCE)):
            self.changes.send(ChangeMessage(self.clock.hint(), batch, force=force, origin="backfill", yields=not force))


def _has_left(entry: Entry, window: Window) -> bool:
    """Return whether an entry has left the window, so that it is no longer needed."""
    is_owed = entry.is_open or entry.is_dead_lettered or bool(entry.retry_token)
    start = window.start - (FAILED_KEPT if is_owed else ON_ITS_WAY)
    if entry.end:
        return entry.end <= format_utc(start)
    kept = start - SERIES_KEPT if occurrences.is_master(entry) else start
    return entry.read_at is not None and entry.read_at < kept


def _is_missed(entry: Entry, window: Window) -> bool:
    """Return whether the partner may have an event that is not in the view: in the window, or unacknowledged.

    A dead letter waits for its replay, if it is a deletion or if its event has only left the window.
    """
    is_inside = window.overlaps(entry.start, entry.end)
    if entry.is_dead_lettered:
        return is_inside and partner_may_have(entry) and not tried_state(entry).startswith(DELETED)
    return entry.is_open or (is_inside and partner_has(entry))


def _differing(
    watch: Watch,
    view: Iterator[dict[str, Any]],
    unseen: dict[bytes, bytes],
    counts: Counter[str],
    recent: NotifiedChanges | None,
    *,
    full: bool,
) -> Iterator[Change]:
    """Yield a change for each event of the view whose state the partner does not have (with `full`, for each event).
    Remove the events of the view from `unseen`.
    """
    for event in view:
        event_id = payload.event_id_of(event)
        packed = unseen.pop(memory.hashed(event_id), None)
        result = memory.compared(packed, event)
        counts[result] += 1
        if recent is not None:
            recent.see(event, memory.read_at(packed), is_same=result == "same")
        if full or result not in ("same", "dead"):
            series_id = event.get("seriesMasterId")
            yield Change(watch.id, watch.user_id, event_id, series_id=series_id if isinstance(series_id, str) else "")
