"""Find subscriptions that exist at Graph and send nothing, by what daily resyncs find, and have them replaced.

One resync proves little, so a subscription is replaced after two that found changes without a notification. If many
mailboxes are affected, it is an outage of Graph: then nothing is replaced, and all mailboxes are resynced more often.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.queues import ChangeQueue
from shared.reliability.parking import Parking
from shared.resync.notified_changes import LOOK_BACK, NOTIFIED_WITHIN
from shared.resync.silence_rules import (
    HOUR,
    after_grant,
    after_resyncs,
    is_excused,
    is_missing,
    may_replace,
    resyncs_are_due,
    silent_after,
)
from shared.storage.maintenance import ResyncHour, ResyncHours
from shared.storage.watches import Watch, Watches

FLUSH_EVERY = timedelta(seconds=10)  # the numbers of resyncs that say nothing are written together
ATTEMPTS = 5  # to write to a watch's row

_logger = logging.getLogger("relay.silence")


@dataclass
class _State:
    """What a process keeps: the numbers of resyncs that are not written yet, and the number of watches."""

    numbers: Counter[str] = field(default_factory=Counter)
    written: datetime | None = None
    watches: int = 0
    counted: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Silence:
    """Judges subscriptions. One instance per process; thread-safe.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    hours: ResyncHours
    watches: Watches
    changes: ChangeQueue
    parking: Parking
    now: Callable[[], datetime]
    _state: _State = field(default_factory=_State)

    def record(self, watch: Watch, counts: Counter[str]) -> bool:
        """Take in the result of a daily resync (`Resync.resync`), and return whether to replace the subscription now.

        That is also stored in the row (`is_to_be_replaced`), in case the process ends before.
        """
        unnotified, notified = counts["unnotified"] > 0, counts["notified"] > 0
        if unnotified and self._is_delayed():
            return False
        row = self._counted(unnotified=unnotified, notified=notified, is_needed=watch.silent_resyncs > 0)
        if row is None or (unnotified and is_excused(row, self.now())) or is_missing(row, self.now()):
            return False
        return self._judged(watch, unnotified=unnotified, notified=notified)

    def is_outage(self) -> bool:
        """Return whether so many notifications are missing that Graph has an outage."""
        return self.missing_since() is not None

    def missing_since(self) -> datetime | None:
        """Return since when Graph has an outage of notifications, None if it has none."""
        row = self.hours.read()
        return row.missing_since if is_missing(row, self.now()) else None

    def take_resyncs(self) -> bool:
        """Return whether all mailboxes are to be resynced now because of an outage: once in four hours, by one caller.

        The caller queues them as daily resyncs, whose numbers show the end of the outage.
        """

        def decide(row: ResyncHour) -> dict[str, Any]:
            return {"resynced_at": self.now()} if resyncs_are_due(row, self.now()) else {}

        return self.hours.write(decide)[1]

    def excuse(self) -> None:
        """Judge no subscription for LOOK_BACK, because the relay was absent, and Graph dropped notifications."""
        until = self.now() + LOOK_BACK
        self.hours.write(lambda _: {"excused_until": until})

    def _is_delayed(self) -> bool:
        """Return whether notifications may have come that left no trace in the ledger yet."""
        if not self.parking.breaker.allows_delivery() or self.parking.has_waiting():
            return True
        return any(self.now() - since > NOTIFIED_WITHIN for _, since in self.changes.due())

    def _counted(self, *, unnotified: bool, notified: bool, is_needed: bool) -> ResyncHour | None:
        """Count a resync, and return the row; None if it was not written, because it says nothing new."""
        state, now = self._state, self.now()
        with state.lock:
            state.numbers.update(resyncs=1, unnotified=int(unnotified), notified=int(notified))
            is_fresh = state.written is not None and timedelta() <= now - state.written < FLUSH_EVERY
            if is_fresh and not unnotified and not is_needed:
                return None
            numbers, state.numbers, state.written = state.numbers, Counter(), now
        total, before = self._total() if unnotified else 0, ResyncHour()

        def decide(row: ResyncHour) -> dict[str, Any]:
            nonlocal before
            before = row
            return after_resyncs(row, numbers, total, now)

        row, _ = self.hours.write(decide)
        self._report(before, row)
        return row

    def _report(self, before: ResyncHour, row: ResyncHour) -> None:
        """Log the beginning and the end of an outage."""
        if row.missing_since is not None and row.missing_since != before.missing_since:
            text = "Notifications are missing: %d of %d resyncs in an hour found changes without one"
            _logger.error(text, row.unnotified, row.resyncs)
        elif before.missing_since is not None and row.missing_since is None:
            _logger.warning("Notifications come again: they were missing since %s", before.missing_since)

    def _judged(self, watch: Watch, *, unnotified: bool, notified: bool) -> bool:
        """Write the number of silent resyncs to the watch's row; return whether to replace the subscription."""
        number = silent_after(watch.silent_resyncs, unnotified=unnotified, notified=notified)
        changes: dict[str, Any] = {"silent_resyncs": number}
        is_granted = may_replace(watch, number, self.now()) and self._takes_place()
        if is_granted:
            changes |= {"replaced_at": self.now(), "due_at": self.now()}
        elif number == watch.silent_resyncs:
            return False
        current: Watch | None = watch
        for _ in range(ATTEMPTS):
            if current is None or current.subscription_id != watch.subscription_id:
                return False  # deleted, or another subscription by now
            if self.watches.change(current, **changes) is not None:
                return is_granted
            current = self.watches.get(watch.id)
        return False

    def _takes_place(self) -> bool:
        """Take one of the replacements of this hour; return whether there was one."""
        total = self._total()
        return self.hours.write(lambda row: after_grant(row, total, self.now()))[1]

    def _total(self) -> int:
        """Return the number of watches, counted once an hour."""
        state, now = self._state, self.now()
        if state.counted is None or not timedelta() <= now - state.counted < HOUR:
            state.watches, state.counted = self.watches.count(), now
        return state.watches
