"""The circuit breaker for Dataverse: after a 429 or 503 no instance calls it until a pause ends.

The same holds once the relay has lost its rights: WhoAmI is refused, or the writes of rows of three owners are.

"Service protection API limits": Retry-After alone says how long; no number of calls is counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dynamics.errors import DynamicsUnavailable, is_pause
from shared.moments import is_impossible
from shared.reliability.retry_schedule import MAX_RETRY_AFTER
from shared.storage.pairs.call_pauses import CallPauses

FIRST, LONGEST = 5.0, 300.0  # seconds of the pause after a 503 without Retry-After; doubled each time
MOST_OWNERS, IN_A_ROW = 3, timedelta(minutes=10)  # fewer: a right that reaches some rows only
PROBE = timedelta(seconds=40)  # longer than a call takes


@dataclass(frozen=True)
class DynamicsBreaker:
    """Implements shared.dynamics.client.CallBreaker; raises ServiceUnavailable when storage fails, too."""

    pauses: CallPauses
    now: Callable[[], datetime]

    def require(self) -> None:
        """Raise DynamicsUnavailable with the rest of the pause; after it, one caller at a time probes."""
        row, now = self.pauses.read(), self.now()
        if row.until is None or is_impossible(row.until - timedelta(seconds=MAX_RETRY_AFTER), now):
            return
        if row.until > now:
            raise DynamicsUnavailable(429, "", (row.until - now).total_seconds())
        if not self.pauses.take_probe(row, now + PROBE):
            raise DynamicsUnavailable(429, "", FIRST)

    def record(self, error: DynamicsUnavailable | None) -> None:
        """Begin or end a pause. Other failures pass: their own hint waits.

        Only the probe ends a pause, not a call that began before it.
        """
        row = self.pauses.read()
        if error is None or not is_pause(error):
            if row.is_probing and error is None:
                self.pauses.end()
            return
        growing = min(FIRST * 2**row.failures, LONGEST)
        wait = min(error.retry_after if error.retry_after is not None else growing, MAX_RETRY_AFTER)
        self.pauses.pause(self.now() + timedelta(seconds=wait), row.failures + (error.retry_after is None))

    def refused(self, owner: str) -> None:
        """Note that the write of a row was refused for a missing right. Of three owners in a row, all writes are."""
        if len(self.pauses.note_refused(owner, IN_A_ROW)) >= MOST_OWNERS:
            self.open()
            self.pauses.forget_refused()

    def granted(self) -> None:
        """Note that a row was written."""
        self.pauses.forget_refused()

    def open(self) -> None:
        """Begin a pause: the relay has no right to call at all."""
        self.pauses.pause(self.now() + timedelta(seconds=LONGEST), self.pauses.read().failures)

    def until(self) -> datetime | None:
        """Return until when nobody calls."""
        until = self.pauses.read().until
        return until if until is not None and until > self.now() else None
