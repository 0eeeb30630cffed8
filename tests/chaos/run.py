"""A run: the load, the kills and the faults at the same time; then a quiet time, and the accounting."""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.accounting import Account, account
from tests.chaos.canaries import Canaries
from tests.chaos.collect import collect, parked, waiting
from tests.chaos.crash_points import CRASH_POINTS, Resyncs
from tests.chaos.faults import Faults
from tests.chaos.kills import Kills
from tests.chaos.leaks import Leaks
from tests.chaos.load import Load
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

GRACE = 0.15
ENOUGH = 0.88  # share of the kills: some crash points cannot be reached while the partner is unavailable
SLOWER = 4.0  # times, on a machine that is too busy to restart hosts as often as planned
QUIET_CHECKS = 3  # in a row, a second apart, until all messages count as processed


@dataclass(frozen=True)
class Plan:
    """The parameters of a run.

    `seconds` is the time for the changes, `longest` its maximum if the kills take longer; `limit` is the maximum for
    everything, the quiet time included. `quick` leaves out faults that use up the relay's time limits.
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
    """The result of a run."""

    plan: Plan
    account: Account
    changes: dict[str, int]
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
    """Run in a separate folder. All randomness comes from the seed."""
    chance = random.Random(plan.seed)
    canaries = Canaries(f"{chance.getrandbits(40):010x}")
    leaks, rooms = Leaks(canaries), [f"room{number}@contoso.com" for number in range(plan.rooms)]
    with Stage(folder, plan.seed, rooms) as stage:
        for service, proxy in stage.proxies.items():
            proxy.listeners.append(leaks.listener(f"requests to {service}", titles=service == "partner"))
        stage.watch()
        leaks.secrets = stage.secrets()
        outcome = _run(plan, stage, leaks, random.Random(chance.random()), canaries)
    leaks.search_below(folder)  # storage has stopped, so all its data is on disk
    outcome.searched = leaks.searched
    outcome.problems += [f"leaked: {match}" for match in leaks.matches]
    return outcome


def _run(plan: Plan, stage: Stage, leaks: Leaks, chance: random.Random, canaries: Canaries) -> Outcome:
    load = Load(stage.stack.tenant, stage.rooms, canaries, random.Random(chance.random()))
    kills = Kills(stage, random.Random(chance.random()), plan.kills, plan.seconds)
    faults = Faults(stage, random.Random(chance.random()), plan.seconds, quick=plan.quick)
    traffic = Traffic(stage, leaks.search)
    resyncs = Resyncs()
    stage.proxies["queue"].listeners.append(resyncs.observe)
    began = time.monotonic()
    for thread in (kills, faults, traffic):
        thread.start()
    _make_changes(load, plan, kills)
    loaded = time.monotonic()
    faults.stop()
    kills.stop(GRACE * plan.seconds)  # there is enough work left for further kills
    traffic.stop()
    still = _wait_until_quiet(stage, began + plan.limit)
    result = account(collect(stage, load.deleted_series))
    ended = time.monotonic()
    kinds = list(parked(stage).values())
    outcome = Outcome(
        plan, result, load.changes, dict(kills.done), dict(kills.out_of_reach), dict(faults.played),
        stage.stack.tenant.control("GET", "/notifications"), {}, resyncs.number,
        {kind: kinds.count(kind) for kind in set(kinds)}, {"load": loaded - began, "calm": ended - loaded},
    )  # fmt: skip
    unrest = [f"not at rest after {plan.limit:g} s: {number} in {place}" for place, number in still.items()]
    outcome.problems = unrest + shortfalls(outcome) + result.problems
    return outcome


def _make_changes(load: Load, plan: Plan, kills: Kills) -> None:
    """Make the changes at an even rate; slower while there were fewer kills than planned."""
    interval, due = plan.seconds / plan.changes, time.monotonic()
    to_spare = plan.longest - plan.seconds
    for number in range(plan.changes):
        time.sleep(max(0.0, due - time.monotonic()))
        load.change()
        is_behind = kills.done.total() < plan.kills * number / plan.changes - 1 and to_spare > 0
        due += SLOWER * interval if is_behind else interval
        to_spare -= (SLOWER - 1) * interval if is_behind else 0


def _wait_until_quiet(stage: Stage, stop: float) -> dict[str, int]:
    """Wait until all messages are processed; return what is left when the run must stop."""
    checks = 0
    still: dict[str, int] = {}
    while checks < QUIET_CHECKS and (time.monotonic() < stop or not checks):
        stage.stack.tenant.control("POST", "/notifications/flush", {"rooms": True})
        still = waiting(stage)
        if still and time.monotonic() >= stop:
            break
        checks = 0 if still else checks + 1
        time.sleep(1.0)
    return still


def shortfalls(outcome: Outcome) -> list[str]:
    """Return why a run proves less than planned: too few kills, or a crash point without a kill."""
    short = [f"{outcome.resyncs} resyncs, which may have found what was lost"] if outcome.resyncs else []
    wanted, done = int(ENOUGH * outcome.plan.kills), sum(outcome.kills.values())
    short += [f"only {done} kills, not {wanted}"] if done < wanted else []
    if outcome.plan.kills >= 3 * len(CRASH_POINTS):
        short += [f"no kill when {point}" for point in CRASH_POINTS if not outcome.kills.get(point)]
    return short
