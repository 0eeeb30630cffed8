"""A year of a tenant in minutes: every subscription, every timer, losses, outages, false answers, an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import Any

from shared.errors import RelayError
from shared.watches.requests import WatchRequest
from tests.simulation.agenda import DAY
from tests.simulation.disturbances import Disturbances
from tests.simulation.false_answers import NAMES, FalseAnswers, Spells, is_whole
from tests.simulation.false_answers_for_all import NAMES_FOR_ALL, FalseAnswersForAll
from tests.simulation.measures import TIMER, WITHIN_A_DAY, Results, missed_changes
from tests.simulation.meetings import Meetings
from tests.simulation.stage import RELAY, Stage
from tests.simulation.upgrade import Upgrade

HOUR = timedelta(hours=1)


class InOrder(Executor):
    """Carries out each call at once: the same order in every run, and no time for threads."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **names: Any) -> Future[Any]:
        """Call, and return the result."""
        future: Future[Any] = Future()
        future.set_result(call(*args, **names))
        return future


class Year:
    """Simulates the days of a number of mailboxes, with an upgrade in the middle if wanted."""

    def __init__(self, seed: int, days: int, subscriptions: int, *, upgrade: bool = False, **settings: str) -> None:
        self.stage = Stage(seed, days, subscriptions, **settings)
        self.world, self.results, self.silence = self.stage.world, self.stage.results, self.stage.silence
        self.world.threads = InOrder()
        self.world.start()
        self.disturbances = Disturbances(self.stage)
        self.meetings = Meetings(self.stage)
        self.spells = Spells(self.stage)
        self.false_answers = FalseAnswers(self.stage, self.disturbances, self.spells)
        self.false_answers_for_all = FalseAnswersForAll(self.stage, self.spells)
        self.upgrade = Upgrade(self.stage) if upgrade else None
        self._last_night = self.world.time
        self._excused: set[str] = set()  # from the comparison with the partner's state after this night

    def run(self) -> Results:
        """Simulate the days, end all that is wrong, and return the results."""
        for mailbox in self.stage.mailboxes:
            self.world.watch_setup.subscribe(WatchRequest(mailbox))
        self._plan_all()
        while (planned := self.stage.agenda.next()) is not None:
            moment, act = planned
            self._pass_to(moment)
            act()
        self._finish()
        return self.results

    def _plan_all(self) -> None:
        agenda = self.stage.agenda
        agenda.every(TIMER, TIMER, self._timer)
        agenda.every(DAY, timedelta(hours=2), self._night)
        agenda.every(DAY, timedelta(hours=4), self._check)
        self.meetings.plan()
        self.disturbances.plan()
        self.false_answers.plan()
        self.false_answers_for_all.plan()
        if self.upgrade is not None:
            self.upgrade.plan()

    def _pass_to(self, moment: datetime) -> None:
        """Move the clock, and process messages as they become due."""
        world = self.world
        while not self.stage.down:
            due = min((queue.waiting[0][0] for queue in world.queues if queue.waiting), default=moment)
            if due >= moment:
                break
            world.time = max(world.time, due)
            world.process()
        world.time = max(world.time, moment)
        world.subscriptions.expire()  # so that their time is exact

    def _timer(self) -> None:
        if RELAY in self.stage.down:
            return
        self._guarded(self.world.reconciler.reconcile)
        if not self.stage.down and self.world.loss_brake.state().since is not None:
            self.silence.brake_is_on()

    def _night(self) -> None:
        if RELAY in self.stage.down:
            return
        self._last_night = self.world.time
        if not self.stage.down:
            self._excused = {mailbox for mailbox in self.stage.mailboxes if self._is_excused(mailbox)}
            self._excused |= {each.mailbox for each in self.world.watches.all() if each.state != "live"}
        self._guarded(self.world.catch_up.queue_nightly_resyncs)

    def _guarded(self, run: Callable[[], Any]) -> None:
        """Run a timer's function as the host does: after a failure it runs at its next time."""
        try:
            run()
        except RelayError:
            self.results.count("timer runs that failed")
        if not self.stage.down:
            self.world.process()

    def _check(self) -> None:
        """Two hours after the nightly resyncs nothing may be missing, if all parts have worked since before them."""
        up_since = self.silence.all_up_since
        if up_since is not None and self.world.time - up_since >= 3 * HOUR:
            self._compare()
        if up_since is not None and self.world.time - up_since >= WITHIN_A_DAY:
            self._look_at_states()

    def _compare(self) -> None:
        """Count missed changes. Changes since the last nightly resync belong to the next one."""
        excused = self._excused | {mailbox for mailbox in self.stage.mailboxes if self._is_excused(mailbox)}
        changed = self.meetings.changed
        self.results.missed += missed_changes(self.world, self.stage.mailboxes, changed, self._last_night, excused)

    def _is_excused(self, mailbox: str) -> bool:
        return not self.stage.is_wanted(mailbox) or self.silence.was_answered_falsely(mailbox, 3 * HOUR)

    def _look_at_states(self) -> None:
        """List the watches that are not live, although Graph and all parts have answered truly for a day."""
        for watch in self.world.watches.all():
            is_told = self.silence.was_answered_falsely(watch.mailbox, WITHIN_A_DAY)
            is_since = watch.since is not None and self.world.time - watch.since > HOUR
            if watch.state != "live" and is_since and not is_told and self.stage.is_wanted(watch.mailbox):
                self.results.stuck.append(f"{self.world.time:%Y-%m-%d %H:%M} {watch}")

    def _finish(self) -> None:
        """End all that is wrong, let a day pass, and compare."""
        self._pass_to(self.stage.agenda.end)
        self.results.calls = self.world.subscriptions.calls.copy()
        self.spells.end()
        self.disturbances.end()
        end = self.world.time + WITHIN_A_DAY + HOUR
        while self.world.time < end:
            self._timer()
            self._pass_to(self.world.time + TIMER)
        self._night()
        for _ in range(4):
            self._pass_to(self.world.time + TIMER)
            self._timer()
        self._compare()
        self._look_at_states()
        self._count()

    def _count(self) -> None:
        """Take in what the world counted; each watch must name a living subscription now."""
        world, results = self.world, self.results
        results.views, results.reads = world.events.calls["VIEW"], world.events.calls["GET"]
        results.deliveries, results.deleted = world.webhook.deliveries, self.stage.reasons.number
        results.broken += [*self.stage.reasons.broken, *self.stage.reasons.rule.broken]
        names = (*NAMES, *NAMES_FOR_ALL) if is_whole(self.stage.agenda) else ()
        results.broken += [f"not given: {name}" for name in names if not results.losses.get(name)]
        results.broken += [f"deleted to be replaced, and was not: {each}"
                           for each in self.stage.reasons.rule.not_replaced(TIMER)]  # fmt: skip
        named = {each.mailbox: each.subscription_id for each in world.watches.all()}
        results.missed += [f"{mailbox} has no live subscription" for mailbox in self.stage.mailboxes
                           if named.get(mailbox) not in world.subscriptions.held]  # fmt: skip
