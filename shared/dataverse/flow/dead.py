"""Hints that are not tried again. Their pairs are compared each night, so that nothing is lost for good."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.dataverse.flow.hints import BadHints, HintQueue, Hints, read, retried
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.storage.table import Table, compared

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "dead"
RECENT = timedelta(hours=26)  # what fails again after the night's comparison is recorded again within it
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True, slots=True)
class DeadHint:
    """A hint that was given up, or a message that cannot be read. `id`: a hash of it; `at`: when it last was."""

    id: str
    reason: str
    at: datetime = field(metadata=compared())
    bookings: str = ""
    etag: str = field(default="")


class PairDeadLetters:
    """The dead letters of pairs. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], queue: HintQueue, now: Callable[[], datetime]) -> None:
        self._rows = Table(table, DeadHint, PARTITION)
        self._queue = queue
        self._now = now

    def unreadable(self, text: str) -> None:
        """Record a message that no version of the relay has written; its content is not kept."""
        self._add(text, "unreadable", "")

    def gave_up(self, hints: Hints) -> None:
        """Record hints whose last attempt failed."""
        ids = " ".join((*hints.bookings, *(f"{watch}/…" for watch, _ in hints.events)))
        self._add(f"{ids}{hints.events}{hints.resource}", "gave-up", ids)

    def poison(self, text: str) -> None:
        """Queue a message that the host gave up on again, as a failed attempt; its work may have been killed."""
        try:
            hints = read(text)
        except BadHints:
            self.unreadable(text)
            return
        if is_exhausted(hints.attempt):
            self.gave_up(hints)
        else:
            self._queue.send(retried(hints), delay_after(hints.attempt))

    def count(self) -> int:
        """Return how many there are."""
        return self._rows.count()

    def recent(self) -> int:
        """Return how many were given up since the last night; one that cannot be read counts."""
        since = self._now() - RECENT
        return sum(not isinstance(each, DeadHint) or each.at >= since for each in self._rows.rows())

    def _add(self, text: str, reason: str, bookings: str) -> None:
        key = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        row = DeadHint(key, reason, self._now(), bookings)
        if self._rows.insert(row) is None and (present := self._rows.find(key)) is not None:
            self._rows.overwrite(replace(row, etag=present.etag))
        _logger.error("Hints of pairs are a dead letter: %s", reason)
        telemetry.count("dataverse_dead_letters", reason=reason)
