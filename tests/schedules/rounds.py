"""The acts of a round. Most of a round's acts concern one mailbox, so that they meet.

Acts that are drawn one by one rarely concern the same mailbox at the same time. So a round has a mailbox of its own,
which rounds that follow within minutes share. Relay acts are drawn as meetings of two processes, or one by one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from tests.schedules.verbs import CRASHES, FILLERS, RELAY_VERBS, WHICH, WORKERS

VARIANTS = 1 << 10
SCENE_SHARE, MEETING_SHARE = 0.25, 0.6  # of the rounds: those with a scene, and those with a scene or a meeting
Item = TypeVar("Item")
# What two processes do at once, and what a third one does. A worker that waits acts after what others have begun.
# After "restart" a process has the settings and the version that are deployed by then, and not only after the round.
MEETINGS = (
    ("queues", "queues", "timer"), ("timer", "timer", "queues"), ("timer", "queues", "wait, timer"),
    ("queues", "wait, queues", "wait, timer"), ("timer", "wait, timer", "wait, queues"),
    ("restart, timer", "timer", "restart, queues"), ("restart, timer", "restart, timer", "restart, wait, timer"),
    ("crash, timer", "wait, timer", "timer"), ("crash, timer", "queues", "wait, queues"),
    ("crash, queues", "wait, queues", "timer"), ("crash, queues", "queues", "wait, timer"),
    ("let go, crash, set up", "wait, set up", "timer"), ("let go, crash, set up", "set up", "wait, timer"),
    ("crash, let go", "wait, timer", "set up"), ("crash, let go", "set up", "wait, let go"),
    ("let go, set up", "set up", "timer"), ("set up, let go", "timer", "set up"), ("let go", "timer", "wait, set up"),
    ("let go, set up", "let go", "timer"), ("set up direct", "timer", "wait, set up direct"),
    ("watch list, timer", "timer", "queues"), ("release list, timer", "timer", "wait, timer"),
    ("night, queues", "queues", "timer"), ("crash, audit", "timer", "queues"), ("audit, clean up", "queues", "timer"),
)  # fmt: skip
# The same, together with what happens outside.
SCENES = (
    ("room leaves", ("timer", "set up", "timer")), ("room leaves", ("set up", "timer", "timer")),
    ("room joins", ("timer", "set up, let go", "timer")), ("lose with notice", ("queues, wait, queues", "wait, timer")),
    ("removed untrue", ("queues, wait, queues", "wait, queues", "timer")), ("twin", ("audit", "timer", "clean up")),
    ("restore watches", ("timer", "set up", "audit, clean up")), ("restore", ("audit, clean up", "timer", "queues")),
    ("leak", ("restart, timer", "restart, timer", "set up")), ("address", ("restart, timer", "restart, timer")),
    ("typing error", ("restart, timer", "restart, timer", "restart, set up")),
    ("allow", ("restart, timer", "set up", "restart, timer")), ("lie: twins", ("let go, set up", "set up", "timer")),
    ("another's", ("let go, set up", "timer", "wait, timer")), ("lie: 404", ("crash, timer", "queues", "wait, timer")),
)  # fmt: skip
FITTING = 0.7  # share of crashes at a call that the next act is likely to make


class Act(NamedTuple):
    """One act of a worker. `number` selects what it is about: see tests.schedules.verbs.WHICH."""

    worker: str
    verb: str
    number: int = 0


@dataclass
class Round:
    """Acts that happen together, at a time in seconds since the start."""

    name: str
    at: float
    acts: list[Act]


class Rotation(Generic[Item]):
    """Draws items in turn from a shuffled list, so that each is drawn about as often as any other."""

    def __init__(self, chance: random.Random, items: Sequence[Item]) -> None:
        self._chance, self._all, self._left = chance, [*items], list[Item]()

    def __bool__(self) -> bool:
        """Return whether there is anything to draw."""
        return bool(self._all)

    def next(self) -> Item:
        """Return the next item."""
        if not self._left:
            self._left = self._chance.sample(self._all, len(self._all))
        return self._left.pop()


class Acts:
    """Draws the acts of rounds. `outside`: the verbs of everybody but the relay."""

    def __init__(self, chance: random.Random, outside: Sequence[str]) -> None:
        self._chance = chance
        self._outside, self._relay = Rotation(chance, outside), Rotation(chance, RELAY_VERBS)
        self._meetings = Rotation(chance, MEETINGS)
        self._scenes = Rotation(chance, [each for each in SCENES if each[0] in outside])

    def drawn(self, mailbox: int) -> list[Act]:
        """Return the acts of a round, of which most concern a mailbox, given by its number."""
        number = self._chance.choice([3, 3, 4, 4])
        acts = [self._act("outside", self._outside.next(), mailbox) for _ in range(number)]
        kind = self._chance.random()
        if kind < SCENE_SHARE and self._scenes:
            verb, meeting = self._scenes.next()
            return [*acts, Act("outside", verb, self._number(mailbox)), *self._meeting(mailbox, meeting)]
        return acts + (self._mixed(mailbox) if kind > MEETING_SHARE else self._meeting(mailbox, self._meetings.next()))

    def _meeting(self, mailbox: int, meeting: Sequence[str]) -> list[Act]:
        """Return the same work for workers of several processes."""
        workers = self._chance.choice([("a1", "b1", "n1"), ("a1", "a2", "b1"), ("b1", "n1", "a1"), ("n1", "a2", "b1")])
        some = zip(workers, meeting[: self._chance.choice([2, 3, 3])], strict=False)
        return [self._acting(worker, verb, mailbox, verbs.rpartition(", ")[2])
                for worker, verbs in some for verb in verbs.split(", ")]  # fmt: skip

    def _acting(self, worker: str, verb: str, mailbox: int, last: str) -> Act:
        number = self._number(mailbox)
        if verb == "crash" and self._chance.random() < FITTING:
            fitting = [variant for variant, each in enumerate(CRASHES) if each[2] == last]
            number = mailbox + WHICH * self._chance.choice(fitting)
        return Act(worker, verb, number)

    def _mixed(self, mailbox: int) -> list[Act]:
        """Return work that is drawn one by one."""
        acts, names = [], [each for each in WORKERS if each != "outside"]
        for worker in self._chance.sample(names, self._chance.choice([2, 3, 3, 4])):
            for _ in range(self._chance.choice([1, 1, 2])):
                is_routine = self._chance.random() < 0.65
                verb = self._chance.choice(FILLERS) if is_routine else self._relay.next()
                acts.append(self._act(worker, verb, mailbox))
        return acts

    def _act(self, worker: str, verb: str, mailbox: int) -> Act:
        concerns = mailbox if self._chance.random() < 0.75 else self._chance.randrange(WHICH)
        return Act(worker, verb, self._number(concerns))

    def _number(self, mailbox: int) -> int:
        return mailbox + WHICH * self._chance.randrange(VARIANTS)
