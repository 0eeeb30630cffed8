"""A run: the load, the kills and the faults at the same time; then a quiet time, and the accounting."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.accounting import Account, account
from tests.chaos.behaviours import switch_off, switch_on
from tests.chaos.canaries import Canaries
from tests.chaos.collect import collect, parked, subscriptions, waiting, watch_ids
from tests.chaos.crash_points import CRASH_POINTS, Resyncs
from tests.chaos.faults import Faults
from tests.chaos.kills import Kills
from tests.chaos.leaks import Leaks
from tests.chaos.lies import KINDS
from tests.chaos.load import Load
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic
from tests.chaos.untrue_answers import ROUND_SECONDS, UntrueAnswers, drawn_rooms

GRACE = 0.15
ENOUGH = 0.88  # share of the kills: some crash points cannot be reached while the partner is unavailable
SLOWER = 4.0  # times, on a machine that is too busy to restart hosts as often as planned
LONG_ENOUGH = 1.4  # times a round of all lies, until a run has to tell each: every lie waits for calls, too
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


@dataclass(frozen=True)
class Lies:
    """The untrue answers of a run: how many of each were given, and how many the relay met.

    `rooms` are those that could lose their subscription by one; `replaced` of them have another one now. `resyncs` are
    those of their mailboxes, which are excused. `lost` are other rooms, which have not the first subscription any more.
    """

    given: dict[str, int]
    met: dict[str, int]
    rooms: int
    replaced: int
    resyncs: int
    lost: list[str]


@dataclass
class Outcome:
    """The result of a run."""

    plan: Plan
    account: Account
    changes: dict[str, int]
    kills: dict[str, int]
    out_of_reach: dict[str, int]
    faults: dict[str, int]
    lies: Lies
    hints: dict[str, Any]
    searched: dict[str, int]
    resyncs: int
    parked: dict[str, int]
    seconds: dict[str, float]
    behaviours: list[str] = field(default_factory=list)
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
    lied = drawn_rooms(stage.rooms, random.Random(chance.random()))
    answers = [_untrue_answers(plan, stage, lied, random.Random(chance.random()), lists=each) for each in (True, False)]
    traffic = Traffic(stage, leaks.search)
    resyncs, first = Resyncs(), subscriptions(stage)
    stage.proxies["queue"].listeners.append(resyncs.observe)
    behaviours = switch_on(stage.stack.tenant.control, plan.seed)
    began = time.monotonic()
    for thread in (kills, faults, *answers, traffic):
        thread.start()
    _make_changes(load, plan, kills)
    loaded = time.monotonic()
    faults.stop()
    for each in answers:
        each.stop()
    kills.stop(GRACE * plan.seconds)  # there is enough work left for further kills
    traffic.stop()
    switch_off(stage.stack.tenant.control)
    still = _wait_until_quiet(stage, began + plan.limit)
    result = account(collect(stage, load.deleted))
    ended = time.monotonic()
    ids = watch_ids(stage)
    excused = sum(resyncs.of[ids[room]] for room in lied)
    kinds, lies = list(parked(stage).values()), _lies(answers, lied, excused, first, subscriptions(stage))
    outcome = Outcome(
        plan, result, load.changes, dict(kills.done), dict(kills.out_of_reach), dict(faults.played), lies,
        stage.stack.tenant.control("GET", "/notifications"), {}, resyncs.of.total() - lies.resyncs,
        {kind: kinds.count(kind) for kind in set(kinds)}, {"load": loaded - began, "calm": ended - loaded},
    )  # fmt: skip
    gone = [f"subscription lost: that of {room}, about which Graph answered truly" for room in lies.lost]
    unrest = [f"not at rest after {plan.limit:g} s: {number} in {place}" for place, number in still.items()]
    outcome.behaviours = sorted(behaviours)
    outcome.problems = unrest + gone + shortfalls(outcome) + result.problems
    return outcome


def _untrue_answers(
    plan: Plan, stage: Stage, rooms: Sequence[str], chance: random.Random, *, lists: bool
) -> UntrueAnswers:
    """Return the activity that lies about lists, or about all else, at the same time as the other one."""
    kinds = [each for each in KINDS if each.is_about_lists is lists and (each.is_quick or not plan.quick)]
    control, run_timer = stage.stack.tenant.control, lambda: stage.stack.relay.run("renew_subscriptions")
    return UntrueAnswers(kinds, rooms, control, run_timer, chance, plan.seconds)


def _lies(
    answers: Sequence[UntrueAnswers], rooms: Sequence[str], excused: int, first: dict[str, str], last: dict[str, str]
) -> Lies:
    """Return what became of the subscriptions, by room at the beginning and at the end. `excused`: resyncs of rooms
    about which Graph has lied.
    """
    changed = {room for room in first if first[room] != last.get(room)}
    given = {name: number for each in answers for name, number in each.given.items()}
    met = {name: number for each in answers for name, number in each.met.items()}
    return Lies(given, met, len(rooms), len(changed.intersection(rooms)), excused, sorted(changed.difference(rooms)))


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
    """Return why a run proves less than planned: too few kills, a crash point without one, a lie not given."""
    short = [f"{outcome.resyncs} resyncs, which may have found what was lost"] if outcome.resyncs else []
    wanted, done = int(ENOUGH * outcome.plan.kills), sum(outcome.kills.values())
    short += [f"only {done} kills, not {wanted}"] if done < wanted else []
    if outcome.plan.kills >= 3 * len(CRASH_POINTS):
        short += [f"no kill when {point}" for point in CRASH_POINTS if not outcome.kills.get(point)]
    if outcome.plan.seconds >= LONG_ENOUGH * ROUND_SECONDS and not outcome.plan.quick:
        short += [f"not given: {lie.name}" for lie in KINDS if not outcome.lies.given.get(lie.name)]
    return short
