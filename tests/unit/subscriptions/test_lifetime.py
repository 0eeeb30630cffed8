"""The lifetime to request: learnt from Graph's refusals, once for all watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared.config import Settings
from shared.errors import GraphRejected
from shared.graph.subscriptions import Subscription
from shared.storage.watches import Watch
from shared.subscriptions.lifetime import SHORTEST, SPREAD, TRY_LONGER_AFTER, Lifetimes
from tests.support.fake_graph import FakeSubscriptions
from tests.support.subscribed import LIFETIME, SOON, stored, subscribed
from tests.support.world import SETTINGS, START, World


class LimitedSubscriptions(FakeSubscriptions):
    """Graph with a maximum lifetime in minutes, which its refusals name while `is_named`. `requested` are the lifetimes
    that were requested.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maximum = 10_080
        self.is_named = True
        self.requested: list[int] = []
        self.now = START

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription, if it is short enough."""
        self._check(expires)
        return super().create(mailbox, url, lifecycle, state, expires)

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the end, if it is near enough."""
        self._check(expires)
        return super().renew(subscription_id, expires)

    def _check(self, expires: datetime) -> None:
        minutes = round((expires - self.now) / timedelta(minutes=1))
        self.requested.append(minutes)
        if minutes > self.maximum:
            named = self.maximum if self.is_named else 0
            raise GraphRejected(400, "ExtensionError", longest_minutes=named)


class LimitedWorld(World):
    """A world with such a Graph."""

    subscriptions: LimitedSubscriptions

    def __init__(self) -> None:
        super().__init__({"subscriptions": LimitedSubscriptions()})

    def pass_by(self, seconds: float) -> None:
        """Move both clocks forward."""
        super().pass_by(seconds)
        self.subscriptions.now = self.time


@pytest.fixture
def world() -> Iterator[LimitedWorld]:
    """Return an empty world with a limit; its threads end with the test."""
    made = LimitedWorld()
    yield made
    made.end()


def renewed(world: LimitedWorld, mailbox: str = "room1@contoso.com") -> list[int]:
    """Renew a watch that is due, and return the lifetimes that were requested."""
    world.subscription_service.renew(subscribed(world, mailbox, SOON))
    requested, world.subscriptions.requested = world.subscriptions.requested, []
    return requested


def test_the_maximum_that_graph_names_is_learnt_for_all_watches(world: LimitedWorld) -> None:
    """The second watch asks with it at once, and a renewal as well as a creation."""
    world.subscriptions.maximum = 4_230
    assert renewed(world) == [10_000, 4_230]
    assert renewed(world, "room2@contoso.com") == [4_230]
    world.creation.recreate(world.watch("room3@contoso.com", state="pending", subscription_id="", expires=None))
    assert world.subscriptions.requested == [4_230]
    assert stored(world).expires == START + timedelta(minutes=4_230)


def test_without_a_number_the_lifetime_is_halved(world: LimitedWorld) -> None:
    """Until Graph accepts it, also down to an hour; once for all watches."""
    world.subscriptions.maximum, world.subscriptions.is_named = 60, False
    assert renewed(world) == [10_000, 5_000, 2_500, 1_250, 625, 312, 156, 78, 60]
    assert renewed(world, "room2@contoso.com") == [60]


def test_a_named_maximum_that_is_no_smaller_is_not_believed(world: LimitedWorld) -> None:
    """Nor one below the shortest lifetime: no request is repeated as it was."""
    assert world.lifetimes.shorten(10_000, 10_000)
    assert world.lifetimes.minutes() == 5_000
    assert world.lifetimes.shorten(5_000, 20)
    assert world.lifetimes.minutes() == SHORTEST
    assert not world.lifetimes.shorten(SHORTEST, 0)


def test_below_an_hour_the_refusal_is_an_error(world: LimitedWorld) -> None:
    """The attempts end."""
    world.subscriptions.maximum, world.subscriptions.is_named = 30, False
    with pytest.raises(GraphRejected):
        renewed(world)
    assert world.subscriptions.requested[-2:] == [78, 60]


def test_another_rejection_teaches_nothing(world: LimitedWorld) -> None:
    """A 400 that is not about the expiry is an error at once."""
    world.subscriptions.failures = [GraphRejected(400, "InvalidRequest")]
    with pytest.raises(GraphRejected):
        renewed(world)
    assert (world.subscriptions.requested, world.lifetimes.minutes()) == ([10_000], 10_000)


def test_what_an_instance_learns_serves_all(world: LimitedWorld) -> None:
    """It is stored; of two answers the shorter one stays."""
    other = Lifetimes(world.settings, world.lifetime_row, world.now)
    world.lifetimes.shorten(10_000, 1_440)
    other.shorten(10_000, 4_230)
    assert other.minutes() == world.lifetimes.minutes() == 1_440


def test_a_longer_lifetime_is_tried_again_after_a_week(world: LimitedWorld) -> None:
    """Graph may have raised its maximum; if it has not, it is learnt for another week."""
    world.subscriptions.maximum = 4_230
    renewed(world)
    world.pass_by(TRY_LONGER_AFTER.total_seconds() - 1)
    assert renewed(world, "room2@contoso.com") == [4_230]
    world.pass_by(1)
    assert renewed(world, "room3@contoso.com") == [10_000, 4_230]
    assert renewed(world, "room4@contoso.com") == [4_230]
    world.subscriptions.maximum = 10_080
    world.pass_by(TRY_LONGER_AFTER.total_seconds())
    assert renewed(world, "room5@contoso.com") == renewed(world, "room6@contoso.com") == [10_000]


@pytest.mark.parametrize(
    ("lifetime", "wanted", "renew_before"),
    [("10000", "4320", 4_320), ("4230", "4320", 2_115), ("60", "4320", 30), ("10000", "9000", 5_000)],
)
def test_a_renewal_is_at_most_half_a_lifetime_before_the_end(
    world: LimitedWorld, lifetime: str, wanted: str, renew_before: int
) -> None:
    """Otherwise each run would renew each watch; also after Graph has lowered its maximum."""
    values = {"SUBSCRIPTION_LIFETIME_MINUTES": lifetime, "RENEW_BEFORE_MINUTES": wanted}
    lifetimes = Lifetimes(Settings.load(SETTINGS | values), world.lifetime_row, world.now)
    assert lifetimes.renew_before() == timedelta(minutes=renew_before)
    lifetimes.shorten(int(lifetime), 1_440)
    assert lifetimes.renew_before() == timedelta(minutes=min(renew_before, 720))


def test_a_lowered_maximum_does_not_renew_every_watch_in_every_run(world: LimitedWorld) -> None:
    """A watch renewed with 1,440 minutes rests for half of them, although RENEW_BEFORE_MINUTES is three days."""
    world.subscriptions.maximum = 1_440
    renewed(world)
    assert (stored(world).due_at or START) - START == timedelta(minutes=720)
    world.reconciler.run()
    assert world.subscriptions.requested == []


def test_ends_are_spread_by_the_watch(world: LimitedWorld) -> None:
    """Subscriptions renewed together end at different times, all within a small share of the lifetime."""

    def answer(end: datetime) -> Subscription:
        return Subscription("s", "", "", "", end)

    def end_of(start_of_id: str) -> datetime:
        watch = Watch(start_of_id + "0" * 24, "a@contoso.com", "relay", START)
        return world.lifetimes.accepted(watch, answer, spread=True).expires

    assert end_of("00000000") == START + LIFETIME
    assert end_of("80000000") == START + LIFETIME * (1 - SPREAD / 2)
    assert START + LIFETIME * (1 - SPREAD) < end_of("ffffffff") < end_of("80000000")
