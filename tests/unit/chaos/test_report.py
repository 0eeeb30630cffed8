"""The report of a chaos run, and when a run does not count."""

from dataclasses import replace

from tests.chaos.accounting import Account
from tests.chaos.crash_points import CRASH_POINTS
from tests.chaos.lies import KINDS
from tests.chaos.report import SHOWN, lines
from tests.chaos.run import Lies, Outcome, Plan, shortfalls

PLAN = Plan(seed=7, changes=100, rooms=4, kills=24, seconds=10, longest=20, limit=30)
HINTS = {"hintsSent": 200, "sent": 50, "attempts": 60, "answers": {"202": 50, "503": 10}, "dropped": 0}
ALL = dict.fromkeys(CRASH_POINTS, 3)


LIES = Lies(given={each.name: 1 for each in KINDS}, met={}, rooms=1, replaced=1, resyncs=1, lost=[])


def _outcome(kills: dict[str, int] = ALL, plan: Plan = PLAN, lies: Lies = LIES) -> Outcome:
    result = Account(accepted=2, delivered={("a", "1")}, parked={("a", "2")}, attempts=5, distinct=4, duplicates=1)
    faults, searched = {"Graph 500": 1}, {"the file host.log": 10**6}
    return Outcome(plan, result, {"booked": 100}, kills, {}, faults, lies, HINTS, searched, 0,
                   {"dead": 1}, {"load": 10, "calm": 5})  # fmt: skip


def test_the_last_line_has_the_totals_and_the_seed() -> None:
    """It counts accepted, delivered, parked, lost and leaked changes, and shows how to repeat the run."""
    assert list(lines(_outcome()))[-1] == (
        "chaos: 2 accepted, 1 delivered, 1 parked, 0 lost, 0 leaked; again: SEED=7 CHANGES=100"
    )


def test_problems_are_shown_and_leaks_are_counted() -> None:
    """The first problems are shown, the rest are counted."""
    outcome = _outcome()
    outcome.problems = ["leaked: a title in logs", *(f"lost: {number}" for number in range(SHOWN))]
    shown = list(lines(outcome))
    assert "WRONG: leaked: a title in logs" in shown
    assert shown[-2] == "WRONG: and 1 more"
    assert "1 leaked" in shown[-1]


def test_a_run_with_too_few_kills_does_not_count() -> None:
    """There must be enough kills, and one at each crash point."""
    assert shortfalls(_outcome()) == []
    assert shortfalls(_outcome({**ALL, "any": 2})) == []
    assert shortfalls(_outcome(dict.fromkeys(CRASH_POINTS, 2))) == ["only 16 kills, not 21"]
    assert shortfalls(_outcome({**ALL, "sent": 0, "any": 6})) == ["no kill when sent"]


def test_a_long_run_gives_each_lie() -> None:
    """A short one may leave some out."""
    given = {name: 1 for name in LIES.given if name != "link expired"}
    lies = replace(LIES, given=given)
    assert shortfalls(_outcome(lies=lies)) == []
    assert shortfalls(_outcome(plan=replace(PLAN, seconds=303), lies=lies)) == ["not given: link expired"]
