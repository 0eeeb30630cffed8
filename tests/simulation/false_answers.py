"""The false answers of Graph (see lies.py) at random, each about one mailbox. Each kind occurs in a run of a month.

docs/sandbox-lies.md names each in its row; tests/architecture/test_lies_table.py compares the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Literal

from shared.storage.watches import watch_id_of
from tests.simulation.agenda import Agenda
from tests.simulation.disturbances import Disturbances
from tests.simulation.stage import Stage

SLOW = timedelta(seconds=150)  # longer than another process waits for the one that creates a subscription
Then = Literal["limit", "forbidden", "conflict", "twin"]
ANSWERS: Sequence[Then] = ("limit", "forbidden", "conflict", "twin")
DENIED = {then: f"404 for one that lives, then: {then}" for then in ANSWERS}
QUOTA, THROTTLED, SILENT, SLOWLY = "quotas of one mailbox", "429 for one mailbox", "silent subscriptions", "twins"
A_MONTH = timedelta(days=30)
NAMES = (*DENIED.values(), QUOTA, THROTTLED, SILENT, SLOWLY)


def is_whole(agenda: Agenda) -> bool:
    """Return whether a run is so long that each false answer occurs in it: in a shorter one, some at random."""
    return agenda.end - agenda.start >= A_MONTH


class Spells:
    """The times in which Graph answers falsely: each ends after some hours."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._on: dict[int, Callable[[], None]] = {}
        self._number = 0

    def begin(self, name: str, mailboxes: Iterable[str], end: Callable[[], object], hours: float = 8) -> None:
        """Count a false answer about mailboxes, and end it after some hours.

        While it lasts, and for some time after it, those mailboxes may be without a subscription.
        """
        stage, concerned = self._stage, [*mailboxes]
        stage.results.count(name)
        stage.silence.false_answers_began(concerned)
        self._number += 1
        number = self._number

        def over() -> None:
            if self._on.pop(number, None) is not None:
                end()
                stage.silence.false_answers_ended(concerned)

        self._on[number] = over
        stage.agenda.at(stage.world.time + stage.agenda.hours(0.5, hours), over)

    def end(self) -> None:
        """End all."""
        for end in [*self._on.values()]:
            end()


class FalseAnswers:
    """Switches false answers about single mailboxes on, and off again after some hours."""

    def __init__(self, stage: Stage, disturbances: Disturbances, spells: Spells) -> None:
        self._stage = stage
        self._disturbances = disturbances
        self._spells = spells
        self._graph = stage.world.subscriptions
        self._slow: set[str] = set()
        self._graph.after = self._after

    def plan(self) -> None:
        """Put all false answers on the agenda: at random for each mailbox, and each once for any."""
        agenda = self._stage.agenda
        acts: Sequence[tuple[float, Callable[[str], None]]] = (
            *((1 / 4000, partial(self._deny, then)) for then in ANSWERS), (1 / 1000, self._reach_quota),
            (1 / 1000, self._throttle), (1 / 500, self._silence), (1 / 1000, self._slow_down),
        )  # fmt: skip
        most = 0.9 * (agenda.end - agenda.start)
        for per_day, act in acts:
            for mailbox in self._stage.mailboxes:
                agenda.now_and_then(per_day, partial(act, mailbox))
            if is_whole(agenda):
                agenda.at(agenda.start + agenda.chance.random() * most, partial(self._once, act))

    def _once(self, act: Callable[[str], None]) -> None:
        """Act on any mailbox that has a subscription; in an hour, if none has one."""
        agenda, mailboxes = self._stage.agenda, self._stage.mailboxes
        served = [each for each in mailboxes if self._stage.is_wanted(each) and self._stage.living(each)]
        if served:
            act(self._stage.chance.choice(served))
        else:
            agenda.at(self._stage.world.time + timedelta(hours=1), partial(self._once, act))

    def _deny(self, then: Then, mailbox: str) -> None:
        """Answer 404 for living subscriptions of a mailbox, and refuse a new one, or accept it beside them."""
        ids = {held.subscription.id for held in self._stage.living(mailbox)} - self._graph.untrue_404
        self._graph.post_after_404 = then
        self._graph.untrue_404 |= ids
        self._spells.begin(DENIED[then], [mailbox], lambda: self._graph.untrue_404.difference_update(ids))

    def _reach_quota(self, mailbox: str) -> None:
        """Remove a subscription, and refuse a new one for some hours, because of a quota."""
        self._graph.quota_for.add(mailbox)
        self._spells.begin(QUOTA, [mailbox], lambda: self._graph.quota_for.discard(mailbox))
        self._disturbances.vanish(mailbox, notified=self._stage.chance.random() < 0.5)

    def _throttle(self, mailbox: str) -> None:
        """Answer 429 to every call about the subscriptions of one mailbox."""
        self._graph.throttled.add(mailbox)
        self._spells.begin(THROTTLED, [mailbox], lambda: self._graph.throttled.discard(mailbox))

    def _silence(self, mailbox: str) -> None:
        """Let a subscription send nothing any more."""
        for held in self._stage.living(mailbox):
            self._stage.results.count(SILENT)
            self._graph.silent.add(held.subscription.id)

    def _slow_down(self, mailbox: str) -> None:
        """Remove a subscription, and answer the next POST so late that another process makes a second one meanwhile."""
        if mailbox not in self._slow and self._stage.is_wanted(mailbox):
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
            self._stage.results.count(SLOWLY)
            self._graph.accepts_twins.add(mailbox)
            world.creation.recreate(watch)
            self._graph.accepts_twins.discard(mailbox)
