"""The false answers of Graph (see lies.py) at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Literal

from shared.errors import GraphUnavailable
from shared.storage.watches import watch_id_of
from tests.simulation import lies
from tests.simulation.disturbances import Disturbances
from tests.simulation.stage import Stage

SLOW = timedelta(seconds=150)  # longer than another process waits for the one that creates a subscription
ANSWERS: Sequence[Literal["limit", "forbidden", "conflict", "twin"]] = ("limit", "forbidden", "conflict", "twin")
LISTINGS: Sequence[tuple[str, lies.Listing]] = (
    ("empty", lies.empty), ("partial", lies.partial(3)), ("with expired ones", lies.with_expired),
    ("repeating", lies.repeating(2)), ("failing", lies.failing(GraphUnavailable(503, "ServiceUnavailable"), after=50)),
)  # fmt: skip


class FalseAnswers:
    """Switches false answers on, and off again after some hours."""

    def __init__(self, stage: Stage, disturbances: Disturbances) -> None:
        self._stage = stage
        self._disturbances = disturbances
        self._graph = stage.world.subscriptions
        self._denied: set[str] = set()
        self._slow: set[str] = set()
        self._on: dict[int, Callable[[], None]] = {}
        self._graph.after = self._after

    def plan(self) -> None:
        """Put all false answers on the agenda."""
        agenda = self._stage.agenda
        for mailbox in self._stage.mailboxes:
            agenda.now_and_then(1 / 1000, partial(self._deny, mailbox))
            agenda.now_and_then(1 / 1000, partial(self._reach_quota, mailbox))
            agenda.now_and_then(1 / 1000, partial(self._throttle, mailbox))
            agenda.now_and_then(1 / 500, partial(self._silence, mailbox))
            agenda.now_and_then(1 / 1000, partial(self._slow_down, mailbox))
        agenda.now_and_then(1 / 10, self._list_falsely)
        agenda.at_least_once(1 / 60, self._deny_all)

    def end(self) -> None:
        """End all false answers. Silent subscriptions stay silent."""
        for end in [*self._on.values()]:
            end()

    def _for_hours(self, name: str, mailboxes: Iterable[str], end: Callable[[], None]) -> None:
        """Count false answers for mailboxes, and end them after some hours."""
        stage, concerned = self._stage, [*mailboxes]
        stage.results.count(name)
        stage.silence.false_answers_began(concerned)
        number = len(stage.results.losses) + sum(stage.results.losses.values())

        def over() -> None:
            if self._on.pop(number, None) is not None:
                end()
                stage.silence.false_answers_ended(concerned)

        self._on[number] = over
        stage.agenda.at(stage.world.time + stage.agenda.hours(0.5, 8), over)

    def _deny(self, mailbox: str) -> None:
        """Answer 404 for living subscriptions of a mailbox, and refuse a new one, or accept it beside them."""
        ids = {held.subscription.id for held in self._stage.living(mailbox)}
        self._graph.post_after_404 = self._stage.chance.choice(ANSWERS)
        self._denied |= ids
        name = f"404 for one that lives, then: {self._graph.post_after_404}"
        self._for_hours(name, [mailbox], lambda: self._denied.difference_update(ids))
        self._set_denied()

    def _deny_all(self) -> None:
        """Answer 404 for all living subscriptions."""
        if self._graph.untrue_404 is not lies.EVERY:
            self._graph.untrue_404 = lies.EVERY
            self._for_hours("404 for all", self._stage.mailboxes, lambda: setattr(self._graph, "untrue_404", set()))

    def _set_denied(self) -> None:
        if self._graph.untrue_404 is not lies.EVERY:
            self._graph.untrue_404 = self._denied

    def _reach_quota(self, mailbox: str) -> None:
        """Remove a subscription, and refuse a new one for some hours, because of a quota."""
        self._graph.quota_for.add(mailbox)
        self._for_hours("quotas of one mailbox", [mailbox], lambda: self._graph.quota_for.discard(mailbox))
        self._disturbances.vanish(mailbox, notified=self._stage.chance.random() < 0.5)

    def _throttle(self, mailbox: str) -> None:
        """Answer 429 to every call about the subscriptions of one mailbox."""
        self._graph.throttled.add(mailbox)
        self._for_hours("429 for one mailbox", [mailbox], lambda: self._graph.throttled.discard(mailbox))

    def _silence(self, mailbox: str) -> None:
        """Let a subscription send nothing any more."""
        for held in self._stage.living(mailbox):
            self._stage.results.count("silent subscriptions")
            self._graph.silent.add(held.subscription.id)

    def _slow_down(self, mailbox: str) -> None:
        """Remove a subscription, and answer the next POST so late that another process makes a second one meanwhile."""
        if mailbox not in self._slow and self._stage.is_wanted(mailbox):
            self._stage.results.count("slow answers to POST")
            self._slow.add(mailbox)
            self._disturbances.vanish(mailbox, notified=True)

    def _after(self, verb: str) -> None:
        self._stage.results.done[verb] += 1
        _, _, mailbox = self._graph.trace[-1]
        if verb != "POST" or mailbox not in self._slow:
            return
        self._slow.discard(mailbox)
        world = self._stage.world
        world.time += SLOW
        watch = world.watches.get(watch_id_of(mailbox))
        if watch is not None:
            self._graph.accepts_twins.add(mailbox)
            world.creation.recreate(watch)
            self._graph.accepts_twins.discard(mailbox)

    def _list_falsely(self) -> None:
        """List subscriptions that are not there, or not those that are."""
        name, self._graph.listing = self._stage.chance.choice(LISTINGS)
        self._for_hours(f"lists: {name}", (), lambda: setattr(self._graph, "listing", lambda living, _: living))
