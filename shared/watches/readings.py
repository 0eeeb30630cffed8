"""Show which calendars cannot be read.

Graph keeps the subscription of a mailbox whose readings it refuses, for example after the mailbox was taken out of the
Exchange scope. So each refusal is noted in the watch's row, for the administrator. The note is shown and never steers:
renewals go on, and `state` stays as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphForbidden, GraphNotFound, GraphQuotaExceeded, RelayError
from shared.graph.events import ITEM_NOT_FOUND
from shared.storage.watches import Watch, Watches
from shared.watches.graph_errors import what_to_do

WRITE_EVERY = timedelta(minutes=1)  # at most one note for each watch
WITHIN = timedelta(minutes=10)
SHARE = 0.05  # of all watches, refused WITHIN: then it is not about single mailboxes

_logger = logging.getLogger("relay.readings")


def is_refusal(error: Exception) -> bool:
    """Return whether an error of a reading says that the mailbox cannot be read. A missing event says nothing of it."""
    if isinstance(error, GraphNotFound):
        return error.status == 404 and error.code != ITEM_NOT_FOUND
    return isinstance(error, GraphForbidden | GraphQuotaExceeded)


class Readings:
    """Notes in the watches' rows whether their calendars can be read. One instance per process; thread-safe.

    The methods never raise: a note that cannot be written must not affect the delivery or resync that made the reading.
    """

    def __init__(self, watches: Watches, now: Callable[[], datetime]) -> None:
        self._watches = watches
        self._now = now
        self._lock = threading.Lock()
        self._written_at: dict[str, datetime] = {}  # by watch: the last note of this process
        self._refused: dict[str, datetime] = {}  # by watch: the last refusal
        self._reported: datetime | None = None
        self._counted: datetime | None = None
        self._number = 0

    def refused(self, watch: Watch, error: Exception) -> None:
        """Note the first refusal of a watch's calendar. An error that is no refusal is ignored."""
        if not is_refusal(error) or not isinstance(error, RelayError):
            return
        self._report(watch)
        state = "gone" if isinstance(error, GraphNotFound) else "refused"
        if watch.reading_state != state and self._may_note(watch):
            self._write(watch, reading_state=state, reading_since=self._now(), reading_error=what_to_do(error))

    def succeeded(self, watch: Watch) -> None:
        """Remove the note of a watch whose calendar was read. Reads and writes nothing for a watch without one."""
        if watch.reading_state:
            due: dict[str, Any] = {"due_at": self._now()} if watch.gap_since is not None else {}  # the resync rested
            self._write(watch, reading_state="", reading_since=None, reading_error="", **due)

    def _may_note(self, watch: Watch) -> bool:
        now = self._now()
        last = [each for each in (watch.reading_since, self._written_at.get(watch.id)) if each is not None]
        with self._lock:
            if any(timedelta() <= now - each < WRITE_EVERY for each in last):
                return False
            _put_last(self._written_at, watch.id, now, WRITE_EVERY)
        return True

    def _write(self, watch: Watch, **changes: Any) -> None:
        """Write without an etag condition, because nothing else writes these fields."""
        try:
            self._watches.merge(watch, **changes)
        except RelayError as error:
            _logger.warning("Whether the calendar of watch %s can be read was not noted: %s", watch.id, error)

    def _report(self, watch: Watch) -> None:
        """Log once WITHIN that Graph refuses readings, when more than SHARE of all watches are refused."""
        now = self._now()
        with self._lock:
            _put_last(self._refused, watch.id, now, WITHIN)
            refused, is_reported = len(self._refused), _is_within(self._reported, now)
        total = 0 if is_reported else self._total(now)
        if total and refused > SHARE * total:
            self._reported = now
            _logger.error("Graph refuses readings: %d of %d watches within ten minutes", refused, total)

    def _total(self, now: datetime) -> int:
        """Return the number of watches, counted once WITHIN; 0 if it is unknown."""
        if not _is_within(self._counted, now):
            self._counted = now
            try:
                self._number = self._watches.count()
            except RelayError:
                self._number = 0
        return self._number


def _put_last(moments: dict[str, datetime], key: str, now: datetime, keep: timedelta) -> None:
    """Store a moment as the newest, and drop those that are older than `keep`, which come first."""
    moments.pop(key, None)
    moments[key] = now
    while now - next(iter(moments.values())) >= keep:
        moments.pop(next(iter(moments)))


def _is_within(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and timedelta() <= now - moment < WITHIN
