"""The plan of a run: rounds of acts over two simulated weeks, all drawn from one seed before the run begins."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.schedules.rounds import Act, Acts, Round
from tests.schedules.verbs import (
    CALM_VERBS,
    FAULTS,
    FILLERS,
    LIES,
    RELAY_VERBS,
    WHICH,
    WILD_FAULTS,
    WILD_VERBS,
    WORKERS,
    pause_of,
)

__all__ = [
    "CALM_VERBS", "DAYS", "FAULTS", "FILLERS", "LIES", "RELAY_VERBS", "WILD_FAULTS", "WILD_VERBS", "WORKERS", "Act",
    "Plan", "Round", "drawn", "read",
]  # fmt: skip

DAY = 86_400.0
DAYS = 14
SIZES = (5, 5, 5, 6, 6, 8, 8, 12)  # mailboxes of a run; above ten in a run, answers can be too many to be believed
LARGE, LARGEST = 20, 50  # of one in ten and one in fifty runs
# Seconds between rounds. A loss is confirmed after 60, a claim is given up after 120, a room list believed after 1,200.
SOON = (65.0, 75.0, 130.0, 300.0, 600.0, 900.0)
LATER = (1860.0, 7500.0)
IDLE_SHARE, LONG_IDLE = 0.35, (2, 3, 4)  # of the long gaps; variants of "idle": from half a day to two days


@dataclass
class Plan:
    """A run. `is_calm`: Graph and the clocks tell the truth, and nobody makes a mistake.

    `before`: the processes that begin with the version before. `has_list`: whether the room lists are watched from the
    beginning. `validates`: whether Graph validates the URL of a PATCH; nobody has tried that in a tenant.
    """

    seed: int
    mailboxes: int
    is_calm: bool
    before: list[str]
    rounds: list[Round] = field(default_factory=list)
    has_list: bool = False
    validates: bool = True

    def counts(self) -> list[str]:
        """Return the verb of each act."""
        return [act.verb for each in self.rounds for act in each.acts]

    def text(self) -> str:
        """Return the plan as text, for a replay."""
        return json.dumps({**self.__dict__, "rounds": [[each.name, each.at, each.acts] for each in self.rounds]})


def read(text: str) -> Plan:
    """Return the plan that `text` wrote."""
    content: dict[str, Any] = json.loads(text)
    rounds = [Round(name, at, [Act(*act) for act in acts]) for name, at, acts in content.pop("rounds")]
    return Plan(**content, rounds=rounds)


def drawn(seed: int, days: float = DAYS, rounds: int = 24, *, only: Sequence[str] = ()) -> Plan:
    """Return the plan of a seed. `only`: the verbs of everybody but the relay to draw from, instead of all."""
    chance = random.Random(seed)
    is_calm = seed % 6 == 0
    size = LARGEST if seed % 50 == 49 else LARGE if seed % 10 == 9 else chance.choice(SIZES)
    before = [each for each in ("b", "n") if chance.random() < 0.3]
    plan = Plan(seed, size, is_calm, before, has_list=chance.random() < 0.5)
    plan.validates = chance.random() < 0.7
    acts = Acts(chance, only or (CALM_VERBS if is_calm else CALM_VERBS + WILD_VERBS))
    at, mailbox = 0.0, 0
    for number, gap in enumerate(_gaps(chance, days, rounds)):
        if number and gap > max(LATER) and chance.random() < IDLE_SHARE:  # much is due when this round begins
            plan.rounds[-1].acts.append(idle := Act("outside", "idle", WHICH * chance.choice(LONG_IDLE)))
            at = max(at, plan.rounds[-1].at + pause_of("idle", idle.number))
        else:
            at += gap
        mailbox = mailbox if gap in SOON else chance.randrange(WHICH)
        plan.rounds.append(Round(f"r{number}", at, acts.drawn(mailbox)))
        pause = max(pause_of(act.verb, act.number) for act in plan.rounds[-1].acts)
        if chance.random() < 0.7:  # else the next rounds find the app stopped
            at += pause
    return plan


def _gaps(chance: random.Random, days: float, rounds: int) -> list[float]:
    """Return the seconds before each round: mostly minutes, and the rest of the days in some of them."""
    kinds = [chance.choice(["soon", "soon", "soon", "later", "long", "long"]) for _ in range(rounds)]
    gaps = {"soon": SOON, "later": LATER}
    drawn_gaps = [chance.choice(gaps[kind]) if kind in gaps else 0.0 for kind in kinds]
    rest = max(0.0, days * DAY - sum(drawn_gaps)) / max(1, kinds.count("long"))
    return [gap or rest * chance.uniform(0.5, 1.5) for gap in drawn_gaps]
