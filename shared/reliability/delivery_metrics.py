"""Measure whether deliveries flow: how many changes of the last hour the partner lacks, and how many it has.

A change is retried after a failed attempt, whoever refused: the partner, or Graph at the reading. Changes that were
parked more than ten minutes ago count as late, too. Dead letters do not count, nor do messages that were put back as a
whole because storage failed: health has checks of their own for both.

A retried change costs a write for each failed attempt and one for its delivery. A delivery at the first attempt costs
none: the process counts, and writes the number now and then. What it had not written when it ended is lost, so the
number of deliveries is a lower bound.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import RelayError
from shared.storage.parked import WAITING, ParkedChanges, parked_id
from shared.storage.retries import SHARDS, DeliveryCounts, Retries, Retry, slot_of

HOUR = timedelta(hours=1)
LATE = timedelta(minutes=10)
MOST_LATE = 20  # changes
MOST_SHARE = 0.01  # of the last hour's deliveries
MOST_COUNTED = 1_000  # changes
LAPSE = timedelta(hours=1)  # how late an attempt may be; after that its change is no longer counted
# The number of deliveries is written after this many, and a busy process writes after a tenth more in ten minutes.
WRITE_FROM, WRITE_SHARE = 25, 0.1

_logger = logging.getLogger("relay.delivery_metrics")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`retried`: the changes that are being retried (MOST_COUNTED: that many or more), the oldest since `since`.

    `late`: the changes of the last hour that have been retried or parked for longer than LATE. `delivered`: the
    deliveries of the last hour, a lower bound.
    """

    retried: int = 0
    since: datetime | None = None
    late: int = 0
    delivered: int = 0

    @property
    def is_flowing(self) -> bool:
        """Return whether few enough of the last hour's deliveries are late. One bad event is not, after an hour."""
        total = self.late + self.delivered
        return self.late == 0 or (self.late < MOST_LATE and self.late < MOST_SHARE * total)

    def __str__(self) -> str:
        """Return a sentence for people."""
        more = "+" if self.retried == MOST_COUNTED else ""
        since = f" since {self.since:%Y-%m-%dT%H:%M:%SZ}" if self.since else ""
        number = f"{self.retried}{more} retried{since}"
        if self.is_flowing:
            return f"flowing, {number}"
        late = f"{self.late}{'+' if self.late >= MOST_LATE else ''} of about {self.late + self.delivered} deliveries"
        return f"not flowing: {late} of the last hour are more than ten minutes late; {number}"


class DeliveryMetrics:
    """Records deliveries and failures, and reports. One instance per process; thread-safe.

    The methods that record never raise: the numbers are for people, and must not affect a delivery.
    """

    def __init__(
        self, retries: Retries, counts: DeliveryCounts, parked: ParkedChanges, now: Callable[[], datetime]
    ) -> None:
        self._retries = retries
        self._counts = counts
        self._parked = parked
        self._now = now
        self._lock = threading.Lock()
        self._unwritten, self._written = Counter[datetime](), Counter[datetime]()  # by slot
        self._shard = secrets.randbelow(SHARDS)

    def delivered(self) -> None:
        """Count a delivery."""
        slot = slot_of(self._now())
        with self._lock:
            self._unwritten[slot] += 1
            if self._unwritten.total() < max(WRITE_FROM, WRITE_SHARE * self._written[slot]):
                return
            numbers, self._unwritten = self._unwritten, Counter()
            self._written = Counter({slot: self._written[slot] + numbers[slot]})
        left = Counter({each: number for each, number in numbers.items() if not self._add(each, number)})
        with self._lock:
            self._unwritten += left

    def failed(self, events: Iterable[tuple[str, str]], since: datetime | None, delay: float) -> None:
        """Record that the changes of events (watch id, event id) are retried since `since`, next in `delay` seconds.

        `since` is None if they were retried before.
        """
        until = self._now() + timedelta(seconds=delay) + LAPSE
        rows = [Retry(parked_id(*event), since, until) for event in events]
        self._record(lambda: self._retries.put(rows))

    def resolved(self, watch_id: str, event_id: str) -> None:
        """Record that a change that was retried is delivered, or needs no delivery."""
        self._record(lambda: self._retries.forget(parked_id(watch_id, event_id)))

    def report(self) -> DeliveryReport:
        """Return the present numbers. Raises ServiceUnavailable or ConfigurationError when storage fails."""
        now = self._now()
        retries = self._retries.counting(now, MOST_COUNTED)
        late = {row.id for row in retries if row.since is not None and LATE < now - row.since <= HOUR}
        late |= {each.id for each in self._parked.page(WAITING, MOST_LATE, since=now - HOUR, before=now - LATE)}
        since = min((row.since for row in retries if row.since is not None), default=None)
        delivered = self._counts.since(now - HOUR) if late else 0
        return DeliveryReport(len(retries), since, len(late), delivered)

    def drop_old(self) -> None:
        """Delete rows that count no longer. Raises ServiceUnavailable or ConfigurationError when storage fails."""
        self._retries.drop_old(self._now(), MOST_COUNTED)

    def _add(self, slot: datetime, number: int) -> bool:
        try:
            return self._counts.add(slot, number, self._shard)
        except RelayError as error:
            _logger.info("A number of deliveries was not written: %s", error)
            return False

    def _record(self, write: Callable[[], None]) -> None:
        try:
            write()
        except RelayError as error:
            _logger.info("A change that is retried was not recorded: %s", error)
