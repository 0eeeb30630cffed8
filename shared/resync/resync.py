"""Compare a mailbox's calendar view with the ledger, and queue the differences.

"List calendarView" returns every single event and occurrence in the window. An event that is new, has another etag, or
is in the ledger but not in the view becomes a change on the queue. The delivery reads the event again, so an error of a
resync (a page read twice, an event changed meanwhile) does not reach the partner.

To save memory, the ledger is held as fingerprints (21 bytes per event), and both lists are read page by page.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from shared import telemetry
from shared.errors import GraphError
from shared.graph.events import Events
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.queues import ChangeQueue
from shared.reliability.mailbox_holds import MailboxHolds
from shared.resync import occurrences
from shared.resync.notified_changes import NOTIFIED_WITHIN, NotifiedChanges, expected_since
from shared.resync.window import Window
from shared.storage.ledger import Entry, Ledger
from shared.storage.watches import Watch

AT_ONCE = 100  # changes in one message
_SIZE = 8  # bytes of a fingerprint
SERIES_KEPT = timedelta(days=400)  # retention of a series master's entry after its last read: it has no end time

_logger = logging.getLogger("relay.resync")


@dataclass(frozen=True)
class Resync:
    """Compares a mailbox's calendar view with the ledger."""

    events: Events
    ledger: Ledger
    changes: ChangeQueue
    window: Callable[[], Window]
    now: Callable[[], datetime]
    holds: MailboxHolds

    def resync(self, watch: Watch, *, full: bool = False) -> Counter[str]:
        """Queue the differences, or with `full` every event in the window; return the number of events by result.

        Of these `unnotified` changed without a notification, `notified` recently with one (notified_changes.py).
        Entries that have left the window are dropped from the ledger. Raises GraphError, ConfigurationError or
        ServiceUnavailable; the resync can then be repeated, since changes that are queued twice do no harm. While Graph
        asks not to be called for this mailbox (Retry-After), it raises GraphUnavailable without a call.
        """
        if watch.delivery != "relay":
            return Counter()
        now, window, counts = self.now(), self.window(), Counter[str]()
        self.holds.check(watch.mailbox, now)
        recent = None if full else self._notified_changes(watch, window, now)
        unseen = self._fingerprints(watch, window, counts)
        try:
            view = self.events.calendar_view(watch.mailbox, window.start, window.end)
            self._queue(_differing(watch, view, unseen, counts, recent, full=full), force=full)
        except GraphError as error:
            self.holds.note(watch.mailbox, error, self.now())
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

    def _fingerprints(self, watch: Watch, window: Window, counts: Counter[str]) -> dict[bytes, bytes]:
        """Return the fingerprint of each delivered state, and when its event was read, by the fingerprint of the
        event's id. Drop the entries that have left the window.
        """
        fingerprints: dict[bytes, bytes] = {}
        for page in self.ledger.pages(watch.id):
            expired = [entry for entry in page if _has_left(entry, window)]
            counts["dropped"] += self.ledger.drop(expired)
            expired_ids = {entry.event_id for entry in expired}
            kept = (entry for entry in page if entry.event_id not in expired_ids)
            fingerprints |= {
                _fingerprint(entry.event_id): _fingerprint(entry.delivered_state) + _packed(entry.read_at)
                for entry in kept
            }
        return fingerprints

    def _vanished(
        self, watch: Watch, window: Window, unseen: dict[bytes, bytes], counts: Counter[str]
    ) -> Iterator[Change]:
        """Yield a deletion for each event that the partner has in the window and that the view did not contain."""
        for page in self.ledger.pages(watch.id):
            for entry in page:
                is_unseen = _fingerprint(entry.event_id) in unseen and _partner_has(entry)
                if is_unseen and window.overlaps(entry.start, entry.end):
                    counts["vanished"] += 1
                    yield Change(watch.id, watch.user_id, entry.event_id, deleted=True)

    def _queue(self, changes: Iterator[Change], *, force: bool = False) -> None:
        """Queue changes in messages of AT_ONCE. They settle like notified changes: an event may be seconds old."""
        while batch := tuple(islice(changes, AT_ONCE)):
            self.changes.send(ChangeMessage(self.now(), batch, force=force))


def _has_left(entry: Entry, window: Window) -> bool:
    """Return whether an entry has left the window, so that it is no longer needed."""
    if entry.end:
        return window.has_left(entry.end)
    kept = window.start - SERIES_KEPT if occurrences.is_master(entry) else window.start
    return entry.read_at is not None and entry.read_at < kept


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
        delivered = unseen.pop(_fingerprint(event_id), None)
        is_same = delivered is not None and delivered[:_SIZE] == _fingerprint(payload.etag_of(event))
        result = "new" if delivered is None else "same" if is_same else "changed"
        counts[result] += 1
        if recent is not None:
            recent.see(event, _unpacked(delivered), is_same=is_same)
        if full or result != "same":
            yield Change(watch.id, watch.user_id, event_id)


def _partner_has(entry: Entry) -> bool:
    has_state = bool(entry.delivered_state) and entry.delivered_state != payload.DELETED
    return has_state and not occurrences.is_master(entry)


def _fingerprint(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=_SIZE).digest()


def _packed(moment: datetime | None) -> bytes:
    return max(0, int(moment.timestamp())).to_bytes(5) if moment else b""


def _unpacked(fingerprints: bytes | None) -> datetime | None:
    packed = (fingerprints or b"")[_SIZE:]
    return datetime.fromtimestamp(int.from_bytes(packed), UTC) if packed else None
