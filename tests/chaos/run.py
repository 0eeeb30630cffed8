"""One run: the load, the kills and the faults at the same time; then calm, and the accounting."""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import collect
from tests.chaos.accounting import Account, account
from tests.chaos.canaries import Marks
from tests.chaos.crash_points import POINTS, Resyncs
from tests.chaos.faults import Troubles
from tests.chaos.kills import Kills
from tests.chaos.leaks import Leaks
from tests.chaos.load import Load
from tests.chaos.stage import Stage
from tests.chaos.traffic import Visits

GRACE = 0.15
ENOUGH = 0.88  # of the kills: at some points the host does not come by while the partner is away
SLOWER = 4.0  # times, on a machine that is too busy to start hosts as often as they are killed
CALM_LOOKS = 3  # in a row, a second apart, before nothing is believed to be on its way


@dataclass(frozen=True)
class Plan:
    """What is asked of a run.

    `seconds` is how long the changes take, `longest` how long at most, if the kills take longer; `limit` is how long
    all may take, the calm included. `quick` leaves out what takes the relay's time limits.
    """

    seed: int
    changes: int
    rooms: int
    kills: int
    seconds: float
    longest: float
    limit: float
    quick: bool = False


@dataclass
class Outcome:
    """What came of a run."""

    plan: Plan
    account: Account
    made: dict[str, int]
    kills: dict[str, int]
    out_of_reach: dict[str, int]
    faults: dict[str, int]
    hints: dict[str, Any]
    searched: dict[str, int]
    resyncs: int
    parked: dict[str, int]
    seconds: dict[str, float]
    problems: list[str] = field(default_factory=list)


def play(plan: Plan, folder: Path) -> Outcome:
    """Run in a folder of its own. Whatever is random is drawn from the seed."""
    chance = random.Random(plan.seed)
    marks = Marks(f"{chance.getrandbits(40):010x}")
    leaks, rooms = Leaks(marks), [f"room{number}@contoso.com" for number in range(plan.rooms)]
    with Stage(folder, plan.seed, rooms) as stage:
        for service, proxy in stage.proxies.items():
            proxy.listeners.append(leaks.listener(f"requests to {service}", titles=service == "partner"))
        stage.watch()
        leaks.secrets = stage.secrets()
        outcome = _run(plan, stage, leaks, random.Random(chance.random()), marks)
    leaks.look_below(folder)  # storage has stopped, so all that it knew is on disk
    outcome.searched, leaked = leaks.searched, [f"leaked: {one}" for one in leaks.finds]
    outcome.problems += leaked
    return outcome


def _run(plan: Plan, stage: Stage, leaks: Leaks, chance: random.Random, marks: Marks) -> Outcome:
    load = Load(stage.stack.tenant, stage.rooms, marks, random.Random(chance.random()))
    kills = Kills(stage, random.Random(chance.random()), plan.kills, plan.seconds)
    troubles = Troubles(stage, random.Random(chance.random()), plan.seconds, quick=plan.quick)
    visits = Visits(stage, leaks.look)
    resyncs = Resyncs()
    stage.proxies["queue"].listeners.append(resyncs.hear)
    began = time.monotonic()
    for thread in (kills, troubles, visits):
        thread.start()
    _make_changes(load, plan, kills)
    loaded = time.monotonic()
    troubles.stop()
    kills.stop(GRACE * plan.seconds)  # there is work enough left in which to be killed
    visits.stop()
    still = _calm(stage, began + plan.limit)
    result = account(collect.gather(stage, load.series_gone))
    ended = time.monotonic()
    parked = list(collect.parked(stage).values())
    outcome = Outcome(
        plan, result, load.made, dict(kills.done), dict(kills.out_of_reach), dict(troubles.played),
        stage.stack.tenant.control("GET", "/notifications"), {}, resyncs.number,
        {kind: parked.count(kind) for kind in set(parked)}, {"load": loaded - began, "calm": ended - loaded},
    )  # fmt: skip
    unrest = [f"not at rest after {plan.limit:g} s: {number} in {place}" for place, number in still.items()]
    outcome.problems = unrest + shortfalls(outcome) + result.problems
    return outcome


def _make_changes(load: Load, plan: Plan, kills: Kills) -> None:
    """Make the changes at an even pace; slower while fewer kills have come off than should have by then."""
    pace, due = plan.seconds / plan.changes, time.monotonic()
    to_spare = plan.longest - plan.seconds
    for number in range(plan.changes):
        time.sleep(max(0.0, due - time.monotonic()))
        load.change()
        is_behind = kills.done.total() < plan.kills * number / plan.changes - 1 and to_spare > 0
        due += SLOWER * pace if is_behind else pace
        to_spare -= (SLOWER - 1) * pace if is_behind else 0


def _calm(stage: Stage, stop: float) -> dict[str, int]:
    """Wait until nothing is on its way; return what still is at the moment when the run has to stop."""
    looks = 0
    still: dict[str, int] = {}
    while looks < CALM_LOOKS and (time.monotonic() < stop or not looks):
        stage.stack.tenant.control("POST", "/notifications/flush", {"rooms": True})
        still = collect.waiting(stage)
        if still and time.monotonic() >= stop:
            break
        looks = 0 if still else looks + 1
        time.sleep(1.0)
    return still


def shortfalls(outcome: Outcome) -> list[str]:
    """Return why a run proves less than it says: too few kills, or a point that none of them met."""
    short = [f"{outcome.resyncs} resyncs, which may have found what was lost"] if outcome.resyncs else []
    wanted, done = int(ENOUGH * outcome.plan.kills), sum(outcome.kills.values())
    short += [f"only {done} kills, not {wanted}"] if done < wanted else []
    if outcome.plan.kills >= 3 * len(POINTS):
        short += [f"no kill when {point}" for point in POINTS if not outcome.kills.get(point)]
    return short
