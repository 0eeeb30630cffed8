"""Many runs: each from its seed, failures shrunk, counts of verbs, faults and lies."""

from __future__ import annotations

import gc
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.schedules import version_before
from tests.schedules.history import History, Outcome, kind_of
from tests.schedules.inline import inline_threads
from tests.schedules.plan import DAYS, Act, Plan, Round, drawn
from tests.schedules.scheduler import Strategy
from tests.schedules.shrink import shortest
from tests.schedules.strategies import Faults, Pct, Random, Recorded
from tests.schedules.tally import Tally
from tests.schedules.trace import Choice, Point, Trace, stored

FAULT_RATE, WRITE_FAULT_RATE, MOST_FAULTS = 0.01, 0.06, 2  # of a call; in a round
SWITCHES, DEPTHS = (0.1, 0.3, 0.5), (2, 3, 4)
ROUND_SIZES = (9, 22, 35, 51, 75)  # points of a round, as measured: deciles 1, 3, 5, 7, 9
GARBAGE = 20_000  # objects; a collection walks all that the modules hold
Part = tuple[str, Act] | tuple[Point, Choice]  # an act of a round, or a deviation


@dataclass
class Length:
    """How long each run is."""

    days: float = DAYS
    rounds: int = 24


LENGTHS = {"long": Length(), "short": Length(3, 10)}  # two weeks, and what make test has time for


@dataclass
class Failure:
    """A run that failed, and what is left of it after shrinking."""

    seed: int
    texts: list[str]
    plan: Plan
    deviations: dict[Point, Choice]
    trace: Trace

    def __str__(self) -> str:
        rounds = (f"  {each.name} at {each.at / 3600:.2f} h: " + "; ".join(" ".join(map(str, act)) for act in each.acts)
                  for each in self.plan.rounds)  # fmt: skip
        versions = f"{self.plan.mailboxes} mailboxes, with the version before: {', '.join(self.plan.before) or 'none'}"
        choices = (
            f"  at {point}: {choice.fault or f'{choice.to} goes on'}" for point, choice in self.deviations.items()
        )
        texts = (f"  {text}" for text in self.texts)
        return "\n".join([f"seed {self.seed}: {versions}", *rounds, "choices:", *choices, "failures:", *texts])

    def replay(self) -> str:
        """Return the text from which `python -m tests.schedules --replay` runs it again."""
        return self.plan.text() + "\n" + stored(self.deviations)


def strategy_of(seed: int) -> Strategy:
    """Return the strategy of a seed: by chance, or PCT of depth 2 to 4. It is drawn apart from the plan."""
    chance = random.Random(f"strategy {seed}")
    faults = Faults(random.Random(f"faults {seed}"), FAULT_RATE, MOST_FAULTS, WRITE_FAULT_RATE)
    if chance.random() < 0.5:
        return Random(f"random {seed}", chance.choice(SWITCHES), faults)
    return Pct(f"pct {seed}", chance.choice(DEPTHS), ROUND_SIZES, faults)


@contextmanager
def quiet() -> Iterator[None]:
    """Run without logs and threads of the product, and with a garbage collection about once a run."""
    logging.disable(logging.CRITICAL)
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, 10, 10)
    try:
        with inline_threads():
            yield
    finally:
        gc.set_threshold(*before)
        logging.disable(logging.NOTSET)


def unpacked() -> dict[str, str]:
    """Unpack the version before; return the variable that names its folder to other processes."""
    return {version_before.FOLDER: version_before.folder()}


def run_plan(plan: Plan, strategy: Strategy) -> tuple[Outcome, Trace]:
    """Run a plan once. The product's jitter, too, is that of the plan's seed."""
    random.seed(plan.seed)
    history = History(plan, strategy)
    outcome = history.run()
    return outcome, history.scheduler.trace


def run_seed(seed: int, length: Length, tally: Tally) -> Failure | None:
    """Run a seed; return its failure, not yet shrunk."""
    plan = drawn(seed, length.days, length.rounds)
    outcome, trace = run_plan(plan, strategy_of(seed))
    tally.add(plan, outcome, trace)
    return Failure(seed, outcome.failures, plan, trace.deviations, trace) if outcome.failures else None


def shrunk(failure: Failure, tries: int = 150) -> Failure:
    """Return the failure with the fewest acts and deviations for which a failure of its kind is still seen."""
    kind = kind_of(failure.texts[0])
    parts: list[Part] = [(each.name, act) for each in failure.plan.rounds for act in each.acts]
    parts += failure.deviations.items()

    def fails(some: Sequence[Part]) -> bool:
        outcome, _ = run_plan(*_of_parts(failure.plan, some))
        return outcome.kind == kind

    left = shortest(parts, fails, tries)
    plan, strategy = _of_parts(failure.plan, left)
    outcome, trace = run_plan(plan, strategy)
    return Failure(failure.seed, outcome.failures, plan, trace.deviations, trace) if outcome.failures else failure


def _of_parts(plan: Plan, parts: Sequence[Part]) -> tuple[Plan, Strategy]:
    acts = [part for part in parts if isinstance(part[1], Act)]
    rounds = [
        Round(each.name, each.at, [act for name, act in acts if name == each.name and isinstance(act, Act)])
        for each in plan.rounds
    ]  # fmt: skip
    smaller = Plan(plan.seed, plan.mailboxes, plan.is_calm, plan.before, [each for each in rounds if each.acts])
    return smaller, Recorded(
        {part[0]: part[1] for part in parts if isinstance(part[1], Choice) and isinstance(part[0], Point)}
    )
