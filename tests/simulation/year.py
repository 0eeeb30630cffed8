"""A year of a tenant in minutes: every subscription, every timer, random losses and outages, on a simulated clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from azure.core.exceptions import HttpResponseError

from shared.errors import GraphUnavailable, RelayError, ServiceUnavailable
from shared.watches.requests import WatchRequest
from tests.simulation.measures import DAY, Results, Silence, missed_changes
from tests.simulation.subscriptions import Held
from tests.simulation.world import START, World

TIMER = timedelta(minutes=30)
GRAPH_RETRIES = timedelta(hours=4)
GRAPH, RELAY, STORAGE = "Graph", "the relay", "storage"


class Year:
    """Simulates the days of a number of mailboxes. All randomness comes from `seed`."""

    def __init__(self, seed: int, days: int, subscriptions: int, **settings: str) -> None:
        self.chance = random.Random(seed)
        self.world = World(**settings)
        self.days = days
        self.mailboxes = [f"room{number}@contoso.com" for number in range(subscriptions)]
        self.results = Results()
        self.silence = Silence(self.world, self.results)
        self._down: set[str] = set()
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._last_night = START
        self._changed: dict[tuple[str, str], datetime] = {}
        self._wire()

    def run(self) -> Results:
        """Simulate the year, end all outages, and return the results."""
        for mailbox in self.mailboxes:
            self.world.watch_setup.subscribe(WatchRequest(mailbox))
        self._plan_all()
        end = START + self.days * DAY
        while self._agenda and self._agenda[0][0] < end:
            moment, _, act = heapq.heappop(self._agenda)
            self._pass_to(moment)
            act()
        self._finish(end)
        return self.results

    def _wire(self) -> None:
        """Make outages affect every part."""
        world = self.world
        world.subscriptions.before = world.events.before = lambda _: self._need(GRAPH)
        world.change_texts.before = world.job_texts.before = lambda: self._need(STORAGE)
        world.rows.before = world.ledger_rows.before = self._need_tables

    def _need(self, part: str) -> None:
        if part in self._down:
            raise GraphUnavailable(503, "ServiceUnavailable") if part == GRAPH else ServiceUnavailable("storage")

    def _need_tables(self) -> None:
        if STORAGE in self._down:
            error = HttpResponseError("down")
            error.status_code = 503
            raise error

    def _plan_all(self) -> None:
        """Put the year's events on the agenda: timers, changes, losses, outages, rotations."""
        for number in range(int(self.days * DAY / TIMER)):
            self._at(START + (number + 1) * TIMER, self._timer)
        for day in range(self.days):
            self._at(START + day * DAY + timedelta(hours=2), self._night)
            self._at(START + day * DAY + timedelta(hours=4), self._check)
        for mailbox in self.mailboxes:
            self._now_and_then(0.5, partial(self._change, mailbox))
            self._now_and_then(1 / 240, partial(self._vanish, mailbox, notified=False))
            self._now_and_then(1 / 240, partial(self._vanish, mailbox, notified=True))
            self._now_and_then(1 / 60, partial(self._miss, mailbox))
        for part, rate, hours in ((GRAPH, 1 / 20, 8), (RELAY, 1 / 20, 8), (STORAGE, 1 / 40, 2), (RELAY, 1 / 90, 72),
                                  (GRAPH, 1 / 90, 60)):  # fmt: skip
            self._now_and_then(rate, partial(self._outage, part, hours))
        self._now_and_then(1 / 120, self._rotate)

    def _now_and_then(self, per_day: float, act: Callable[[], None]) -> None:
        moment = START
        while (moment := moment + self.chance.expovariate(per_day) * DAY) < START + self.days * DAY:
            self._at(moment, act)

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._numbers), act))

    def _pass_to(self, moment: datetime) -> None:
        """Move the clock, and process messages as they become due."""
        world = self.world
        while not self._down:
            queues = (queue for queue in (world.job_texts, world.change_texts) if queue.waiting)
            due = min((queue.waiting[0][0] for queue in queues), default=moment)
            if due >= moment:
                break
            world.time = max(world.time, due)
            world.work()
        world.time = moment
        world.subscriptions.live()  # removes the expired ones, so that their time is exact

    def _timer(self) -> None:
        if RELAY in self._down:
            return
        self._guarded(self.world.reconciler.reconcile)

    def _night(self) -> None:
        if RELAY in self._down:
            return
        self._last_night = self.world.time
        self._guarded(self.world.catch_up.queue_nightly_resyncs)

    def _guarded(self, run: Callable[[], Any]) -> None:
        """Run a timer's function as the host does: after a failure it runs at its next time."""
        try:
            run()
        except RelayError:
            self.results.count("timer runs that failed")
        if not self._down:
            self.world.work()

    def _change(self, mailbox: str) -> None:
        """Create, move or delete a meeting, and let Graph notify it."""
        calendar, chance = self.world.events, self.chance
        existing = list(calendar.meetings.get(mailbox, {}))
        start = self.world.time + timedelta(days=chance.uniform(-0.5, 200))
        self.results.changes += 1
        if existing and chance.random() < 0.3:
            event_id = chance.choice(existing)
            calendar.take(mailbox, event_id)
        else:
            event_id = calendar.put(
                mailbox, start, chance.choice(existing) if existing and chance.random() < 0.5 else ""
            )
        self._changed[mailbox, event_id] = self.world.time
        for held in self.world.subscriptions.of(mailbox):
            for _ in range(chance.randint(1, 3)):
                self._hint(held, event_id, self.world.time)

    def _hint(self, held: Held, event_id: str, began: datetime) -> None:
        """Post a notification, with Graph's retries while the relay does not accept it. Some are lost."""
        if self.chance.random() < 0.02:
            self.results.lost_hints += 1
            return
        if held.subscription.id not in self.world.subscriptions.held:
            return
        if not self._is_taken(held, event_id):
            later = self.world.time + timedelta(minutes=20)
            if later - began < GRAPH_RETRIES:
                self._at(later, lambda: self._hint(held, event_id, began))
            else:
                self.results.lost_hints += 1

    def _is_taken(self, held: Held, event_id: str) -> bool:
        if RELAY in self._down:
            return False
        try:
            self.world.hint(held, event_id)
        except ServiceUnavailable:
            return False
        return True

    def _vanish(self, mailbox: str, *, notified: bool) -> None:
        for held in self.world.subscriptions.of(mailbox):
            self.results.count("removals with notice" if notified else "removals in silence")
            self.world.subscriptions.lose(held.subscription.id)
            if notified:
                self._notify(held, "subscriptionRemoved")

    def _miss(self, mailbox: str) -> None:
        for held in self.world.subscriptions.of(mailbox):
            self.results.count("missed")
            self._notify(held, "missed")

    def _notify(self, held: Held, lifecycle_event: str) -> None:
        if RELAY not in self._down and STORAGE not in self._down:
            self.world.lifecycle(held, lifecycle_event)

    def _outage(self, part: str, hours: float) -> None:
        if part in self._down:
            return
        self.results.count(f"outages of {part}")
        self.silence.part_went_down()
        self._down.add(part)
        self._at(self.world.time + timedelta(hours=self.chance.uniform(0.1, 2) * hours), lambda: self._recover(part))

    def _recover(self, part: str) -> None:
        self._down.discard(part)
        if part == RELAY:
            self.world.start()
        if not self._down:
            self.silence.all_parts_answer()
            self.world.work()

    def _rotate(self) -> None:
        """Rotate the key; the clientStates of the retired key no longer verify."""
        self.results.count("key rotations")
        before = {key.version for key in self.world.keys}
        self.world.rotate()
        retired = before - {key.version for key in self.world.keys}
        for held in self.world.subscriptions.live():
            if held.client_state.partition(".")[0] in retired:
                self.silence.lost(held, self.world.time)

    def _check(self) -> None:
        """Two hours after the nightly resyncs nothing may be missing, if all parts have worked since before them."""
        up_since = self.silence.all_up_since
        if up_since is not None and self.world.time - up_since >= timedelta(hours=3):
            self._compare()

    def _compare(self) -> None:
        """Count missed changes. Changes since the last nightly resync belong to the next one."""
        self.results.missed += missed_changes(self.world, self.mailboxes, self._changed, self._last_night)

    def _finish(self, end: datetime) -> None:
        """End every outage, run the timers once more until the queues are empty, and compare."""
        self._pass_to(end)
        for part in list(self._down):
            self._recover(part)
        for _ in range(3):
            self._timer()
            self._pass_to(self.world.time + TIMER)
        self._night()
        for _ in range(6):
            self._pass_to(self.world.time + TIMER)
            self._timer()
        self._compare()
        calls, results = self.world.subscriptions.calls, self.results
        results.writes = calls["POST"] + calls["PATCH"] + calls["DELETE"] - len(self.mailboxes)  # without the setups
        results.lists, results.views = calls["LIST"], self.world.events.calls["VIEW"]
        results.reads, results.deliveries = self.world.events.calls["GET"], self.world.webhook.deliveries
        results.missed += [f"{mailbox} has no live subscription" for mailbox in self.mailboxes
                           if len(self.world.subscriptions.of(mailbox)) != 1]  # fmt: skip
