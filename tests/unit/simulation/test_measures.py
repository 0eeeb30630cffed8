"""Times without a living subscription, by their cause; and calendars that refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphNotFound
from shared.graph.subscriptions import DeleteReason
from shared.watches.requests import WatchRequest
from tests.simulation.bounds import broken_bounds
from tests.simulation.calendar import Calendars
from tests.simulation.measures import (
    AFTER_REFUSAL,
    EXPIRED,
    NEEDLESSLY,
    NOT_ANSWERED,
    NOTIFIED,
    REFUSED,
    SOON,
    UNNOTICED,
    UNUSABLE,
    WITHIN_A_DAY,
    Results,
    Silence,
)
from tests.simulation.subscriptions import Held
from tests.simulation.world import World
from tests.unit.simulation.conftest import START

ROOM, HOUR = "room1@contoso.com", timedelta(hours=1)


class Measured:
    """A world with one subscription, whose silence is measured."""

    def __init__(self) -> None:
        self.world, self.results = World(), Results()
        self.silence = Silence(self.world, self.results)
        self.world.watch_setup.subscribe(WatchRequest(ROOM))

    def only(self) -> Held:
        """Return the subscription."""
        (held,) = self.world.subscriptions.of(ROOM)
        return held

    def again(self, later: timedelta = HOUR) -> None:
        """Let time pass, and create a subscription."""
        self.world.time += later
        end = self.world.time + timedelta(days=6)
        self.world.subscriptions.create(ROOM, "https://a.example", "https://a.example", "state", end)


@pytest.fixture
def measured() -> Measured:
    """Return a measured world."""
    return Measured()


def test_each_time_without_a_subscription_has_a_cause(measured: Measured) -> None:
    """Graph removed it, it expired, or the relay deleted it for a reason: that time is the relay's fault."""
    graph = measured.world.subscriptions
    graph.lose(measured.only().subscription.id, cause=UNNOTICED)
    measured.again()
    graph.delete(measured.only().subscription.id, DeleteReason.REPLACED)
    measured.again(2 * HOUR)
    measured.world.time += timedelta(days=6)
    graph.expire()
    measured.again(3 * HOUR)
    assert measured.results.without == {UNNOTICED: HOUR, "deleted: replaced": 2 * HOUR, NEEDLESSLY: 3 * HOUR}
    assert measured.results.ours == 5 * HOUR


@pytest.mark.parametrize(("cause", "ours"), [(NOTIFIED, 2 * HOUR - SOON), (UNNOTICED, timedelta())])
def test_a_removal_is_repaired_within_its_limit(measured: Measured, cause: str, ours: timedelta) -> None:
    """Soon if Graph notified it, else within a day."""
    measured.world.subscriptions.lose(measured.only().subscription.id, cause=cause)
    measured.again(2 * HOUR)
    assert measured.results.ours == ours
    assert bool(broken_bounds(measured.results, 365, 1)) == (cause == NOTIFIED)


def test_an_unusable_subscription_counts_until_it_is_replaced(measured: Measured) -> None:
    """It stands, and its clientState does not verify any more."""
    unusable = measured.only()
    measured.silence.lost(unusable, measured.world.time)
    measured.world.time += HOUR
    measured.world.subscriptions.delete(unusable.subscription.id, DeleteReason.REPLACED)
    measured.again()
    assert measured.results.without == {UNUSABLE: 2 * HOUR}


def test_a_twin_that_ends_makes_no_gap(measured: Measured) -> None:
    """The mailbox has another one."""
    graph = measured.world.subscriptions
    graph.accepts_twins = {ROOM}
    first = measured.only()
    measured.again()
    graph.delete(first.subscription.id, DeleteReason.TWIN)
    measured.again()
    assert measured.results.without == {}


def test_an_outage_has_no_limit(measured: Measured) -> None:
    """Only the time before it and after it, each for itself."""
    measured.world.subscriptions.lose(measured.only().subscription.id, cause=UNNOTICED)
    measured.world.time += HOUR
    measured.silence.part_went_down()
    measured.world.time += 80 * HOUR
    measured.silence.all_parts_answer()
    measured.again(2 * HOUR)
    assert measured.results.without == {UNNOTICED: 3 * HOUR, NOT_ANSWERED: 80 * HOUR}
    assert measured.results.longest[UNNOTICED] == 2 * HOUR
    assert not measured.results.ours


def test_false_answers_have_no_limit_and_what_follows_has_a_limit(measured: Measured) -> None:
    """Graph refuses a new subscription for a mailbox; afterwards the relay has a day."""
    measured.silence.false_answers_began([ROOM])
    measured.world.subscriptions.lose(measured.only().subscription.id, cause=NOTIFIED)
    measured.world.time += 50 * HOUR
    measured.silence.false_answers_ended([ROOM])
    measured.again(25 * HOUR)
    assert measured.results.without == {REFUSED: 50 * HOUR, AFTER_REFUSAL: 25 * HOUR}
    assert measured.results.ours == 25 * HOUR - WITHIN_A_DAY


def test_what_is_not_wanted_is_not_measured(measured: Measured) -> None:
    """Until somebody wants it again."""
    measured.silence.unwanted(ROOM)
    measured.world.subscriptions.lose(measured.only().subscription.id)
    measured.world.time += 50 * HOUR
    measured.silence.wanted(ROOM)
    measured.again(HOUR / 2)
    assert measured.results.without == {EXPIRED: HOUR / 2}


def test_calendars_refuse() -> None:
    """One mailbox out of scope, one that does not exist, or every call."""
    calendars = Calendars(lambda: START)
    calendars.forbidden, calendars.missing = {"a@contoso.com"}, {"b@contoso.com"}
    with pytest.raises(GraphForbidden):
        [*calendars.calendar_view("a@contoso.com", START, START)]
    with pytest.raises(GraphNotFound):
        calendars.get("b@contoso.com", "E1")
    assert [*calendars.calendar_view("c@contoso.com", START, START)] == []
    calendars.refuse_all = GraphForbidden(403, "ErrorAccessDenied")
    with pytest.raises(GraphForbidden):
        [*calendars.calendar_view("c@contoso.com", START, START)]
