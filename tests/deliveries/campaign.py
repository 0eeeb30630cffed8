"""Many runs: each from its seed, failures shrunk, counts of verbs, faults and kinds of failures."""

from __future__ import annotations

import gc
import logging
import random
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.deliveries import process
from tests.deliveries.acts_calendar import CANARY
from tests.deliveries.history import History, Outcome
from tests.deliveries.plan import Act, Plan, Round, drawn
from tests.deliveries.tally import Tally
from tests.schedules.campaign import GARBAGE
from tests.schedules.history import kind_of
from tests.schedules.inline import inline_threads
from tests.schedules.scheduler import Strategy
from tests.schedules.shrink import shortest
from tests.schedules.strategies import Faults, Pct, Random, Recorded
from tests.schedules.trace import Choice, Point, Trace, stored

FAULT_RATE, WRITE_FAULT_RATE, MOST_FAULTS = 0.006, 0.08, 3  # of a call; in a round
SWITCHES, DEPTHS = (0.1, 0.3, 0.5), (2, 3, 4)
ROUND_SIZES = (20, 40, 60, 90, 130)  # points of a round
Part = tuple[str, Act] | tuple[Point, Choice]  # an act of a round, or a deviation


@dataclass
class Failure:
    """A run that failed, and what is left of it after shrinking."""

    seed: int
    texts: list[str]
    plan: Plan
    deviations: dict[Point, Choice]
    trace: Trace

    def __str__(self) -> str:
        rounds = (f"  {each.name} at {each.at / 3600:.3f} h: " + "; ".join(" ".join(map(str, act)) for act in each.acts)
                  for each in self.plan.rounds)  # fmt: skip
        plan = self.plan
        about = (
            f"{plan.mailboxes} mailboxes, {plan.events} events, with the version before: "
            f"{', '.join(plan.before) or 'none'}, clocks {plan.offsets}, Date {plan.knows_date}, "
            f"settling {plan.settle_seconds:g}"
        )
        choices = (
            f"  at {point}: {choice.fault or f'{choice.to} goes on'}" for point, choice in self.deviations.items()
        )
        texts = (f"  {text}" for text in self.texts[:6])
        return "\n".join([f"seed {self.seed}: {about}", *rounds, "choices:", *choices, "failures:", *texts])

    def replay(self) -> str:
        """Return the text from which `python -m tests.deliveries --replay` runs it again."""
        return self.plan.text() + "\n" + stored(self.deviations)


def strategy_of(seed: int, *, is_calm: bool = False) -> Strategy:
    """Return the strategy of a seed: by chance, or PCT of depth 2 to 4. It is drawn apart from the plan."""
    chance = random.Random(f"strategy {seed}")
    rates = (FAULT_RATE, 0 if is_calm else MOST_FAULTS, WRITE_FAULT_RATE)
    faults = Faults(random.Random(f"faults {seed}"), *rates)
    if chance.random() < 0.5:
        return Random(f"random {seed}", chance.choice(SWITCHES), faults)
    return Pct(f"pct {seed}", chance.choice(DEPTHS), ROUND_SIZES, faults)


class Secrecy(logging.Handler):
    """Looks for titles in what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line."""
        text = f"{record.getMessage()} {record.exc_info[1] if record.exc_info else ''}"
        if CANARY in text:
            self.lines.append(f"(i) a title is logged by {record.name}")


SECRECY = Secrecy()


@contextmanager
def quiet() -> Iterator[None]:
    """Run without logs on a terminal and without threads of the product, with a garbage collection about once a run."""
    logger, before, number = logging.getLogger("relay"), gc.get_threshold(), uuid.uuid4
    level, propagates = logger.level, logger.propagate
    logger.addHandler(SECRECY)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    gc.set_threshold(GARBAGE, 10, 10)
    uuid.uuid4 = lambda: uuid.UUID(int=random.getrandbits(128), version=4)  # a run repeats its random ids
    try:
        with inline_threads():
            yield
    finally:
        uuid.uuid4 = number
        gc.set_threshold(*before)
        logger.removeHandler(SECRECY)
        logger.setLevel(level)
        logger.propagate = propagates


def unpacked() -> dict[str, str]:
    """Unpack the version before; return the variable that names its folder to other processes."""
    return {process.FOLDER: process.folder()}


def run_plan(plan: Plan, strategy: Strategy) -> tuple[Outcome, Trace]:
    """Run a plan once. The product's jitter, too, is that of the plan's seed."""
    random.seed(plan.seed)
    SECRECY.lines.clear()
    history = History(plan, strategy)
    outcome = history.run()
    outcome.failures += SECRECY.lines[:1]
    return outcome, history.scheduler.trace


def run_seed(seed: int, rounds: int, tally: Tally) -> Failure | None:
    """Run a seed; return its failure, not yet shrunk."""
    plan = drawn(seed, rounds)
    outcome, trace = run_plan(plan, strategy_of(seed, is_calm=plan.is_calm))
    tally.add(outcome, trace)
    return Failure(seed, outcome.failures, plan, trace.deviations, trace) if outcome.failures else None


def kinds_of(failures: Sequence[str]) -> list[str]:
    """Return the kinds of failures, each once."""
    return list(dict.fromkeys(_kind(each) for each in failures))


def _kind(failure: str) -> str:
    return failure[:4] + kind_of(failure.partition(":")[0].partition("(0")[0].partition("(-")[0])


def shrunk(failure: Failure, tries: int = 150, kind: str = "") -> Failure:
    """Return the failure with the fewest acts and deviations for which one of its kind (default: the first) is seen."""
    kind = kind or _kind(failure.texts[0])
    parts: list[Part] = [(each.name, act) for each in failure.plan.rounds for act in each.acts]
    parts += failure.deviations.items()

    def fails(some: Sequence[Part]) -> bool:
        outcome, _ = run_plan(*_of_parts(failure.plan, some))
        return kind in kinds_of(outcome.failures)

    left = shortest(parts, fails, tries)
    plan, strategy = _of_parts(failure.plan, left)
    outcome, trace = run_plan(plan, strategy)
    texts = [each for each in outcome.failures if _kind(each) == kind]
    return Failure(failure.seed, texts, plan, trace.deviations, trace) if texts else failure


def _of_parts(plan: Plan, parts: Sequence[Part]) -> tuple[Plan, Strategy]:
    acts = [part for part in parts if isinstance(part[1], Act)]
    rounds = [
        Round(each.name, each.at, [act for name, act in acts if name == each.name and isinstance(act, Act)])
        for each in plan.rounds
    ]  # fmt: skip
    smaller = replace(plan, rounds=[each for each in rounds if each.acts])
    return smaller, Recorded(
        {part[0]: part[1] for part in parts if isinstance(part[1], Choice) and isinstance(part[0], Point)}
    )
