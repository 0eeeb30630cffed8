"""Claims about what the acts themselves check: promises to the partner, wrong clocks, and wrong addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import GraphRejected, RequestRejected
from tests.schedules.campaign import quiet
from tests.schedules.history import History
from tests.schedules.moves import MOST_MOVED, MOST_REFUSED, TYPING_ERROR
from tests.schedules.plan import Act, Plan, Round
from tests.schedules.strategies import Recorded

ROOM2 = "room2@contoso.com"  # which is not set up at the beginning


def history_of(*acts: Act) -> History:
    """Return a run after its first set-ups and one round of acts."""
    history = History(Plan(1, 6, is_calm=True, before=[]), Recorded({}))
    with quiet():
        history._begin()
        if acts:
            history._round(Round("r0", 300.0, [*acts]))
    return history


def always(claimant: str) -> Callable[[str], str]:
    """Return a source of claimants that names the same one for every mailbox."""
    return lambda _: claimant


def test_an_accepted_set_up_forgets_earlier_requests_to_end() -> None:
    """So a removal that began earlier must not end it."""
    history = history_of()
    history.desires.ending.add(ROOM2)
    history.desires.left(ROOM2)
    with quiet():
        history.relay.set_up(history.processes["a"], ROOM2)
    assert not history.desires.may_end(ROOM2)


def test_a_rejected_set_up_must_not_leave_its_claim() -> None:
    """The row of a mailbox that had none is looked at after the rejection."""
    history = history_of()
    history.site.graph.quota_for = {ROOM2}
    for claimant in ("nobody", ""):
        history.relay.claimant = always(claimant)
        with quiet(), pytest.raises(RequestRejected):
            history.relay.set_up(history.processes["a"], ROOM2)
    assert history.relay.broken == []
    history = history_of()
    history.site.graph.quota_for = {ROOM2}
    history.relay.claimant = lambda _: "a1"
    with quiet():
        history._round(Round("r0", 300.0, [Act("a1", "set up", 2)]))
    assert [text.split()[0] for text in history.relay.broken] == ["set-up"]


def test_a_process_with_a_wrong_clock_writes_nothing() -> None:
    """Its timer comes; a process with a right clock would renew."""
    history = history_of()
    process = history.processes["a"]
    process.jump(432_000)
    process.acts()
    with quiet():
        history._round(Round("r1", 600.0, [Act("a1", "timer")]))
    assert (history.relay.broken, process.writes["a1"]) == ([], 0)


def test_few_subscriptions_may_post_to_a_wrong_address() -> None:
    """One more is a failure, once."""
    history = history_of()
    site = history.site
    site.graph.validates_address = False
    for number, held in enumerate(site.graph.live()):
        if number < MOST_MOVED + 1 and held.own:
            ends = site.now() + timedelta(days=1)
            site.graph.change_address(held.subscription.id, f"{TYPING_ERROR}/api/notifications", ends)
            assert len(history.deletions.broken) == (number > MOST_MOVED)


def test_few_attempts_to_move_are_refused_in_an_hour() -> None:
    """Later ones count anew."""
    history = history_of()
    graph, clock = history.site.graph, history.scheduler.clock
    first = next(each.subscription.id for each in graph.live() if each.own)
    for hour in range(2):
        clock.pass_by(3600)
        for _ in range(MOST_REFUSED):
            with pytest.raises(GraphRejected):
                graph.change_address(first, TYPING_ERROR, history.site.now() + timedelta(days=1))
        assert history.deletions.broken == [], hour
    with pytest.raises(GraphRejected):
        graph.change_address(first, TYPING_ERROR, history.site.now() + timedelta(days=1))
    assert len(history.deletions.broken) == 1
