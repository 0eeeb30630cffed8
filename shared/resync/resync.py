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
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from shared import telemetry
from shared.messages import Change, ChangeMessage
from shared.partner import payload
from shared.parts import Parts
from shared.resync import occurrences
from shared.resync.window import Window
from shared.storage.ledger import Entry
from shared.storage.watches import Watch

AT_ONCE = 100  # changes in one message
SERIES_KEPT = timedelta(days=400)  # that a master's row is kept after its last reading: it has no end of its own

_logger = logging.getLogger("relay.resync")


def resync(parts: Parts, watch: Watch, *, full: bool = False) -> Counter[str]:
    """Queue what differs, all of it again with `full`; returns how many are new, changed, vanished, dropped, the same.

    Rows of the ledger that left the window are dropped. Raises GraphError, ConfigurationError or ServiceUnavailable:
    what was queued till then does no harm, and the whole can be done again.
    """
    if watch.delivery != "relay":
        return Counter()
    window, found = parts.window(), Counter[str]()
    known = _fingerprints(parts, watch, window, found)
    view = parts.events.calendar_view(watch.mailbox, window.start, window.end)
    _queue(parts, _differing(watch, view, known, found, full=full), again=full)
    if known:
        _queue(parts, _vanished(parts, watch, window, known, found))
    for word, number in found.items():
        telemetry.count("resynced", number, end=word)
    _logger.info("Resync of watch %s: %s", watch.id, dict(found), extra={"watch": watch.id})
    return found


def _fingerprints(parts: Parts, watch: Watch, window: Window, found: Counter[str]) -> dict[bytes, bytes]:
    """Return a fingerprint of what the partner was told by one of the event's id; drop what has left the window."""
    known: dict[bytes, bytes] = {}
    for page in parts.ledger.pages(watch.id):
        left = [entry for entry in page if _has_left(entry, window)]
        found["dropped"] += parts.ledger.drop(left)
        gone = {entry.event_id for entry in left}
        known |= {_print(entry.event_id): _print(entry.told) for entry in page if entry.event_id not in gone}
    return known


def _has_left(entry: Entry, window: Window) -> bool:
    """Return whether nothing will be asked of this row any more."""
    if entry.end:
        return window.has_left(entry.end)
    kept = window.start - SERIES_KEPT if occurrences.is_master(entry) else window.start
    return entry.read_at is not None and entry.read_at < kept


def _differing(
    watch: Watch, view: Iterator[dict[str, Any]], known: dict[bytes, bytes], found: Counter[str], *, full: bool
) -> Iterator[Change]:
    """Yield a change for every event of the view that the partner does not have in this state; takes it off `known`."""
    for event in view:
        event_id = payload.event_id_of(event)
        told = known.pop(_print(event_id), None)
        word = "new" if told is None else "same" if told == _print(payload.etag_of(event)) else "changed"
        found[word] += 1
        if full or word != "same":
            yield Change(watch.id, watch.user_id, event_id)


def _vanished(
    parts: Parts, watch: Watch, window: Window, unseen: dict[bytes, bytes], found: Counter[str]
) -> Iterator[Change]:
    """Yield a change for every event that the partner believes to be in the window, and the view did not show."""
    for page in parts.ledger.pages(watch.id):
        for entry in page:
            if _print(entry.event_id) in unseen and _is_believed(entry) and window.overlaps(entry.start, entry.end):
                found["vanished"] += 1
                yield Change(watch.id, watch.user_id, entry.event_id, deleted=True)


def _is_believed(entry: Entry) -> bool:
    return bool(entry.told) and entry.told != payload.DELETED and not occurrences.is_master(entry)


def _queue(parts: Parts, changes: Iterator[Change], *, again: bool = False) -> None:
    """Put changes on the queue as they come. They settle like hinted ones: a booking may be seconds old."""
    while some := tuple(islice(changes, AT_ONCE)):
        hinted: datetime = parts.now()
        parts.changes.send(ChangeMessage(hinted, some, again=again))


def _print(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
