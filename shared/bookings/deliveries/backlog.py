"""Deliver the states that the partner lacks. Implements shared.ports.outbox.Backlog.

One run at a time sends, under a lease. The rows say what is owed, so a run that is killed leaves everything to the
next; what is tried is written before it is sent. A run is a job of the kind backlog, which requests one of the kind
retries for what is due later. The timer that reads the businesses requests one, too, so that a lost job is made good.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

from shared import telemetry
from shared.bookings.deliveries.offers import group_of, offer_of
from shared.bookings.deliveries.states import dead, is_undelivered, refused, replayed, taken
from shared.errors import RelayError, ServiceUnavailable
from shared.ports.outbox import Answer, Outbox, Result
from shared.storage.followed.appointments import (
    FollowedAppointment,
    FollowedAppointments,
    FollowedBusinesses,
    row_id,
)
from shared.storage.leases import Held, Leases
from shared.threads import side_by_side
from shared.unreadable_rows import Unreadable

LEASE = "deliveries of appointments"
BUDGET = timedelta(seconds=90)  # of a run; it ends long before its lease does
AT_ONCE = 8  # deliveries
MOST = 1_000  # of a run
MOST_PROBED = 5  # rows that a probe looks at
LEASED_SECONDS = 60.0  # until the next look at a lease that another run has
SOON = timedelta(minutes=20)  # what is due later, the timer's run requests
ATTEMPTS = 5  # to write a row that other processes write as well

_logger = logging.getLogger("relay.appointments")


@dataclass(frozen=True)
class AppointmentBacklog:
    """Sends deliveries of appointments. Methods raise ServiceUnavailable or ConfigurationError.

    `may_deliver` returns whether a business is followed and allowed. `request` queues a run after some seconds, unless
    one is waited for that comes as soon.
    """

    rows: FollowedAppointments
    businesses: FollowedBusinesses
    outbox: Outbox
    leases: Leases
    may_deliver: Callable[[str], bool]
    request: Callable[[float], None]
    now: Callable[[], datetime]

    def run(self) -> str:
        """Send what is due, request the next run, and return the result."""
        with self._lease() as lease:
            if lease is None:
                self.request(LEASED_SECONDS)
                return "leased"
            answers = self._send_due(lease)
        self._request_next(has_progressed=any(answer not in (None, Answer.HELD) for answer in answers))
        return f"sent-{answers.count(Answer.TAKEN)}"

    def waiting(self, most: int) -> int:
        """Return how many appointments wait for their delivery, up to `most`."""
        return sum(1 for _ in islice(self.rows.waiting(), most))

    def probe(self) -> str:
        """Offer one of them as a probe, chosen at random: the endpoint may fail on one only."""
        with self._lease() as lease:
            if lease is None:
                return "failed"
            candidates = self._permitted(self.rows.waiting())
            for row in random.sample(candidates, min(MOST_PROBED, len(candidates))):
                answer = self._send(row, is_probe=True)
                if answer is not None:
                    return "taken" if answer in (Answer.TAKEN, Answer.DEAD) else "failed"
        return "nothing-to-send"

    def replay(self, group: str, items: Sequence[str]) -> None:
        """Offer appointments of a business again whose deliveries became dead letters."""
        for business in [each.business for each in self.businesses.all() if group_of(each.business) == group]:
            for item in items:
                row = self.rows.find(row_id(business, item))
                if isinstance(row, FollowedAppointment):
                    self._update(row, lambda each: replayed(each, self.now()))
        self.wake()

    def wake(self) -> None:
        """Request a run now."""
        self.request(0.0)

    @contextmanager
    def _lease(self) -> Iterator[Held | None]:
        lease = self.leases.acquire(LEASE, self.now())
        if not isinstance(lease, Held):
            yield None
            return
        try:
            yield lease
        finally:
            lease.release()

    def _send_due(self, lease: Held) -> list[Answer | None]:
        """Send the rows that are due, the oldest first, until deliveries stop or the time is used up."""
        began, answers = self.now(), list[Answer | None]()
        due = sorted(self._permitted(self.rows.due(began)), key=lambda row: (row.changed or began, row.id))
        for first in range(0, len(due), AT_ONCE):
            is_over = self.now() - began >= BUDGET or not lease.is_held() or Answer.HELD in answers
            if is_over or not self.outbox.flows():
                break
            answers += side_by_side(self._send, due[first : first + AT_ONCE], AT_ONCE, "appointment")
        return answers

    def _permitted(self, rows: Iterator[FollowedAppointment]) -> list[FollowedAppointment]:
        """Return up to MOST rows that may be sent: those of other businesses keep none of them waiting."""
        may_deliver = cache(self.may_deliver)
        return list(islice((row for row in rows if may_deliver(row.business)), MOST))

    def _send(self, row: FollowedAppointment, *, is_probe: bool = False) -> Answer | None:
        """Offer the state of a row; return the answer, None if nothing was offered."""
        if not self.may_deliver(row.business):
            return None
        if not is_undelivered(row):
            self.rows.change(row, due=None)
            return None
        tried = row if row.tried == row.shown else self.rows.change(row, tried=row.shown)
        if tried is None:  # it was changed meanwhile, and is due
            return None
        try:
            result = self.outbox.offer(offer_of(tried, is_repeated=bool(row.tried)), is_probe=is_probe)
        except RelayError:
            raise
        except Exception as error:  # noqa: BLE001  (it must not keep the others; its text may contain anything)
            _logger.warning("An appointment could not be delivered: %s", type(error).__name__)
            result = Result(Answer.RETRY, LEASED_SECONDS)
        self._record(tried, result)
        return result.answer

    def _record(self, row: FollowedAppointment, result: Result) -> None:
        """Write what came of an offer, also if a reading has changed the row meanwhile."""
        now = self.now()
        if result.answer == Answer.TAKEN:
            self._update(row, lambda each: taken(each, row.shown, now))
        elif result.answer == Answer.RETRY:
            self._update(row, lambda each: refused(each, row.shown, now + timedelta(seconds=result.wait)))
        elif result.answer == Answer.DEAD:
            self._update(row, lambda each: dead(each, row.shown))
        if result.answer != Answer.HELD:
            telemetry.count("appointments", end=result.answer)

    def _update(self, row: FollowedAppointment, change: Callable[[FollowedAppointment], FollowedAppointment]) -> None:
        """Change a row, whoever else changes it. Raises ServiceUnavailable when too many do."""
        found: FollowedAppointment | Unreadable | None = row
        for _ in range(ATTEMPTS):
            if not isinstance(found, FollowedAppointment) or self.rows.put(found, change(found)) is not None:
                return
            found = self.rows.find(row.id)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def _request_next(self, *, has_progressed: bool) -> None:
        """Request the run for what is due next. What was not sent without a reason of its own waits for the timer."""
        now = self.now()
        due = [row.due for row in self.rows.waiting() if row.due is not None]
        later = min((each for each in due if each > now), default=None)
        if has_progressed and any(each <= now for each in due):
            self.request(0.0)
        elif later is not None and later - now <= SOON:
            self.request((later - now).total_seconds() + 1)
