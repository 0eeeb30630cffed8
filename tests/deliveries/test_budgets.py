"""Claims about the work of calm runs: what a notification and a night cost."""

from __future__ import annotations

from collections import Counter

from tests.deliveries.campaign import quiet
from tests.deliveries.history import History
from tests.deliveries.plan import drawn
from tests.schedules.strategies import Recorded

SEEDS = (5, 10, 15, 20)
VERBS = ("retitle", "availability", "answer", "move", "private", "hint again", "deliver", "jobs")
ROUNDS = 10


def test_calm_runs_stay_within_the_budget_of_work() -> None:
    """At most two reads, two deliveries and four messages for a notification of a single event, or of an occurrence."""
    work, occurrences = Counter[str](), 0
    with quiet():
        for seed in SEEDS:
            plan = drawn(seed, ROUNDS)
            plan.before.clear()
            plan.began_before = False
            for each in plan.rounds:
                each.acts = [act for act in each.acts if act.verb in VERBS]
            history = History(plan, Recorded({}))
            outcome = history.run()
            assert outcome.failures == []
            work.update(outcome.work)
            occurrences += sum(max(1, item.days) for item in history.site.events.items.values())
    changes = work["notifications"] * 4 + occurrences  # a series has at most four occurrences
    assert work["notifications"] > 20, work
    assert work["GET"] <= 2 * changes, work
    assert work["attempts"] <= changes, work
    assert work["changes messages"] <= 4 * changes, work
    assert work["jobs messages"] <= 3 * len(SEEDS) * (work["nights"] + 2), work
