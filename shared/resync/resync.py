"""Compare a mailbox's calendar view with the ledger, and queue exactly what differs.

"List calendarView" shows every meeting and every occurrence in the window. What is new, what has another etag, and what
the partner knows but the view does not show becomes a change on the queue. Who delivers it reads the event itself, so
nothing that a resync gets wrong (a page read twice, a meeting changed meanwhile) reaches the partner.

The ledger is held as fingerprints (16 bytes an event), and both lists are read page by page.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from shared import telemetry
from shared.graph.events import Events
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.queues import ChangeQueue
from shared.resync import occurrences
from shared.resync.window import Window
from shared.storage.ledger import Entry, Ledger
from shared.storage.watches import Watch

AT_ONCE = 100  # changes in one message
SERIES_KEPT = timedelta(days=400)  # that a master's row is kept after its last reading: it has no end of its own

_logger = logging.getLogger("relay.resync")


@dataclass(frozen=True)
class Resync:
    """Compares a mailbox's calendar view with the ledger."""

    events: Events
    ledger: Ledger
    changes: ChangeQueue
    window: Callable[[], Window]
    now: Callable[[], datetime]

    def resync(self, watch: Watch, *, full: bool = False) -> Counter[str]:
        """Queue what differs, all of it again with `full`; returns how many are new, changed, vanished, dropped, the
        same.

        Rows of the ledger that left the window are dropped. Raises GraphError, ConfigurationError or
        ServiceUnavailable: what was queued till then does no harm, and the whole can be done again.
        """
        if watch.delivery != "relay":
            return Counter()
        window, counts = self.window(), Counter[str]()
        unseen = self._fingerprints(watch, window, counts)
        view = self.events.calendar_view(watch.mailbox, window.start, window.end)
        self._queue(_differing(watch, view, unseen, counts, full=full), force=full)
        if unseen:
            self._queue(self._vanished(watch, window, unseen, counts))
        for result, number in counts.items():
            telemetry.count("resynced", number, end=result)
        _logger.info("Resync of watch %s: %s", watch.id, dict(counts), extra={"watch": watch.id})
        return counts

    def _fingerprints(self, watch: Watch, window: Window, counts: Counter[str]) -> dict[bytes, bytes]:
        """Return a fingerprint of what the partner has by one of the event's id; drop what has left the window."""
        fingerprints: dict[bytes, bytes] = {}
        for page in self.ledger.pages(watch.id):
            left = [entry for entry in page if _has_left(entry, window)]
            counts["dropped"] += self.ledger.drop(left)
            gone = {entry.event_id for entry in left}
            kept = (entry for entry in page if entry.event_id not in gone)
            fingerprints |= {_fingerprint(entry.event_id): _fingerprint(entry.delivered_state) for entry in kept}
        return fingerprints

    def _vanished(
        self, watch: Watch, window: Window, unseen: dict[bytes, bytes], counts: Counter[str]
    ) -> Iterator[Change]:
        """Yield a change for every event that the partner believes to be in the window, and the view did not show."""
        for page in self.ledger.pages(watch.id):
            for entry in page:
                is_unseen = _fingerprint(entry.event_id) in unseen and _is_believed(entry)
                if is_unseen and window.overlaps(entry.start, entry.end):
                    counts["vanished"] += 1
                    yield Change(watch.id, watch.user_id, entry.event_id, deleted=True)

    def _queue(self, changes: Iterator[Change], *, force: bool = False) -> None:
        """Queue changes as they come. They settle like those that Graph notifies of: a booking may be seconds old."""
        while batch := tuple(islice(changes, AT_ONCE)):
            self.changes.send(ChangeMessage(self.now(), batch, force=force))


def _has_left(entry: Entry, window: Window) -> bool:
    """Return whether nothing will be asked of this row any more."""
    if entry.end:
        return window.has_left(entry.end)
    kept = window.start - SERIES_KEPT if occurrences.is_master(entry) else window.start
    return entry.read_at is not None and entry.read_at < kept


def _differing(
    watch: Watch, view: Iterator[dict[str, Any]], unseen: dict[bytes, bytes], counts: Counter[str], *, full: bool
) -> Iterator[Change]:
    """Yield a change for every event of the view that the partner does not have in this state; takes it off
    `unseen`.
    """
    for event in view:
        event_id = payload.event_id_of(event)
        delivered = unseen.pop(_fingerprint(event_id), None)
        is_same = delivered == _fingerprint(payload.etag_of(event))
        result = "new" if delivered is None else "same" if is_same else "changed"
        counts[result] += 1
        if full or result != "same":
            yield Change(watch.id, watch.user_id, event_id)


def _is_believed(entry: Entry) -> bool:
    has_it = bool(entry.delivered_state) and entry.delivered_state != payload.DELETED
    return has_it and not occurrences.is_master(entry)


def _fingerprint(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
