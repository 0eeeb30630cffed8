"""Claims about the calls to Graph in calm runs of two weeks: only what keeps subscriptions alive is called."""

from __future__ import annotations

from collections import Counter

from tests.schedules.campaign import quiet
from tests.schedules.history import History
from tests.schedules.plan import drawn
from tests.schedules.strategies import Recorded

SEEDS = (6, 12, 18)
VERBS = ("change", "reauthorize", "lose with notice")
DAY = 86_400.0


def test_calm_runs_stay_within_the_budget_of_calls() -> None:
    """At most 0.3 PATCH and 1.2 GET by id a watch and day, beside those that Graph's events ask for."""
    calls, asked, days, watch_days = Counter[str](), Counter[str](), 0.0, 0.0
    with quiet():
        for seed in SEEDS:
            plan = drawn(seed, 14, 8, only=VERBS)
            plan.before.clear()
            history = History(plan, Recorded({}))
            outcome = history.run()
            assert outcome.failures == []
            calls.update(history.site.graph.calls)
            asked.update(outcome.verbs)
            days += history.scheduler.clock.seconds / DAY
            watch_days += len(history.mailboxes) * history.scheduler.clock.seconds / DAY
    assert calls["PATCH"] - asked["reauthorize"] <= 0.3 * watch_days, calls
    assert calls["GET"] <= 1.2 * watch_days, calls
    assert calls["POST"] + calls["DELETE"] <= 0.4 * watch_days, calls
    assert calls["LIST"] <= 5 * days, calls
