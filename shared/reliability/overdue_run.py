"""Put the run of the timer on the queue when the timer has not come for too long.

The host's timer has been silent for days while queue triggers worked. A message that is processed meanwhile puts the
run, which then is an ordinary job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import RelayError
from shared.messages import Job
from shared.moments import has_passed
from shared.queues import JobQueue
from shared.storage.heartbeat import Heartbeat

OVERDUE = timedelta(minutes=90)  # three times the usual RENEWAL_SCHEDULE; subscriptions are renewed days before the end
LOOK_EVERY = timedelta(minutes=5)  # while the run is overdue

_logger = logging.getLogger("relay.overdue_run")


class OverdueRun:
    """Looks at the time of the last run, seldom. One instance per process."""

    def __init__(self, heartbeat: Heartbeat, jobs: JobQueue, now: Callable[[], datetime]) -> None:
        self._heartbeat = heartbeat
        self._jobs = jobs
        self._now = now
        self._next_look: datetime | None = None

    def ensure(self) -> None:
        """Put the run once if the last one began more than OVERDUE ago. Never raises RelayError: the message that is
        being processed has nothing to do with it.
        """
        now = self._now()
        if self._next_look is not None and now <= self._next_look <= now + OVERDUE:
            return
        try:
            self._next_look = self._look(now)
        except RelayError as error:
            _logger.warning("Could not find out whether the timer's run is overdue: %s", error)

    def _look(self, now: datetime) -> datetime:
        """Put the run if it is overdue; return when to look again. Before the first run there is nothing to renew."""
        ran = self._heartbeat.last_run()
        if ran is None or not has_passed(OVERDUE, ran, now):
            return (ran or now) + OVERDUE
        if self._heartbeat.queue_run(now, OVERDUE):
            _logger.error("The timer renew_subscriptions has not come since %s: its run is queued", ran)
            self._jobs.send(Job("", "reconcile", at=now))
        return now + LOOK_EVERY
