"""Claims about deliveries that are on their way while their watch is removed, by the trace of a run that found one."""

from __future__ import annotations

import random

import pytest

from tests.deliveries.campaign import quiet
from tests.deliveries.history import History
from tests.deliveries.partner import Attempt
from tests.deliveries.plan import Act, Plan, Round
from tests.schedules.strategies import Recorded
from tests.schedules.trace import Choice, Point

CLOCKS = {"a": 0.0, "b": 0.0, "n": 0.0}
CALLS = range(4, 10)  # of the worker that delivers, from its read of the watch to its POST
# The partner refuses an event that became a series meanwhile, so that its deletion is tried again and again.
BEFORE_REMOVAL = (
    Round("r2", 92_030.0, [Act("outside", "cancel", 16690), Act("outside", "refuse", 16818)]),
    Round("r4", 792_032.0, [Act("outside", "move occurrence", 30130)]),
    Round("r8", 792_793.0, [Act("outside", "move in", 2226), Act("b1", "deliver", 1202)]),
)


def late_attempts(plan: Plan, choices: dict[Point, Choice]) -> list[Attempt]:
    """Run a plan, which must break no rule, and return the attempts that began after the removal of their watch."""
    random.seed(plan.seed)
    history, late = History(plan, Recorded(choices)), list[Attempt]()
    receiver = history.site.receiver
    judge = receiver.starting

    def starting(attempt: Attempt) -> None:
        late.extend([attempt] if attempt.life != receiver.life(attempt.mailbox) else [])
        judge(attempt)

    receiver.starting = starting
    assert history.run().failures == []
    return late


@pytest.mark.parametrize("verbs", [("let go",), ("let go", "set up")], ids=["removed", "watched again"])
def test_a_repeated_attempt_breaks_no_rule_at_whatever_call_its_watch_is_removed(verbs: tuple[str, ...]) -> None:
    """One sent after the removal, by a worker that had read the watch before, is one of the former watch. The partner
    drops it.
    """
    removal = Round("r9", 792_804.0, [*(Act("b1", verb, 60442) for verb in verbs), Act("n1", "deliver", 46706)])
    plan = Plan(71, 1, is_calm=False, before=[], events=5, settle_seconds=0.0, knows_date=True, offsets=CLOCKS)
    plan.rounds = [*BEFORE_REMOVAL, removal]
    late: list[Attempt] = []
    with quiet():
        for number in CALLS:
            late += late_attempts(plan, {Point("r9", "", 1): Choice("n1"), Point("r9", "n1", number): Choice("b1")})
    assert late
    assert not any(each.taken for each in late)
