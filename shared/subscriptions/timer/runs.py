"""Carry out runs: do what the rows say is due, within a time budget."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared.errors import RelayError
from shared.messages import Job
from shared.queues import JobQueue
from shared.storage.watches import Watches
from shared.subscriptions.brakes import LossBrake, RefusalBrake
from shared.subscriptions.records import Records
from shared.subscriptions.timer.clock_check import ClockCheck
from shared.subscriptions.timer.due_work import Due, DueWork
from shared.subscriptions.timer.run import Run
from shared.subscriptions.timer.steps import Steps

BUDGET = timedelta(minutes=4)  # well below the host's functionTimeout; a message continues with the remaining steps
GO_ON_AFTER, TRY_AGAIN_AFTER = 1.0, 300.0  # seconds
MOST_OTHERS = 50  # while the brake is on

_logger = logging.getLogger("relay.reconcile")


@dataclass(frozen=True)
class Runs:
    """Carries out runs. Methods raise ServiceUnavailable or ConfigurationError."""

    due_work: DueWork
    steps: Steps
    records: Records
    losses: LossBrake
    refusals: RefusalBrake
    watches: Watches
    clock: ClockCheck
    work: JobQueue
    now: Callable[[], datetime]

    def run(self) -> Counter[str]:
        """Do what the rows say is due, and queue a message if more is left; return the number of steps by result."""
        if self.clock.is_wrong_now():
            return Counter(skipped=1)
        due, began = self.due_work.read(), self.now()
        run = Run(self.now, began + BUDGET, deque(), began)
        self.losses.begin(sum(step.verb in ("renew", "lookup", "address") for step in due.steps))
        self.refusals.begin(sum(step.verb not in ("resync", "write") for step in due.steps))
        must_wait = False
        try:
            must_wait = self._carry_out(run, due)
        finally:
            has_refusals = self._end(run)
        if not run.left and not any(run.results[each] for each in ("waiting", "failed", "unanswered")):
            self.due_work.done(due)
        self._go_on(run, must_wait=must_wait, has_refusals=has_refusals)
        return run.results + Counter(left=len(run.left))

    def _carry_out(self, run: Run, due: Due) -> bool:
        """Carry out the steps; return whether mass changes have to wait."""
        batched = [step for step in due.steps if step.verb in ("address", "replace")]
        self.steps.carry_out(run, [step for step in due.steps if step.verb not in ("address", "replace")])
        return self.steps.roll_out(run, batched, due.target, len(due.steps), due.due_until)

    def _end(self, run: Run) -> bool:
        """End the brakes; return whether so many calls were refused that the refusals were not believed."""
        refused = self.refusals.end()
        for watch, error in refused:
            self.records.believe(watch, error)
        if self.losses.end():
            self._look_up_others(run)
        return not refused and run.results["failed"] > 0 and self.losses.state().refused_since is not None

    def _look_up_others(self, run: Run) -> None:
        """Look up other subscriptions by their ids, so that the log shows whether Graph denies all of them."""
        others = (watch for watch in self.watches.all() if watch.subscription_id and watch.missing_since is None)
        live = answers = 0
        for watch in islice(others, MOST_OTHERS):
            with suppress(RelayError):  # this one says nothing
                after = self.steps.losses.look_up(watch)
                answers, live = answers + 1, live + (after is not None and after.missing_since is None)
        text = "Many subscriptions answer 404 (%d); of %d others, %d are live. New ones are created slowly."
        _logger.error(text, run.results["missing"], answers, live)

    def _go_on(self, run: Run, *, must_wait: bool, has_refusals: bool) -> None:
        """Queue the next message: soon after progress, later when a batch waits or Graph refused."""
        progress = ("created", "replaced", "renewed", "moved", "confirmed", "paused")
        has_progress = any(run.results[each] for each in progress)
        if run.held_for:
            self.work.send(Job("", "run", at=self.now()), run.held_for)
        elif run.left and has_progress and not run.is_unauthorized:
            self.work.send(Job("", "run", at=self.now()), GO_ON_AFTER)
        elif must_wait:
            self.work.send(Job("", "run", at=self.now()), 60.0)
        elif run.is_unauthorized or has_refusals:
            self.work.send(Job("", "run", at=self.now()), TRY_AGAIN_AFTER)
