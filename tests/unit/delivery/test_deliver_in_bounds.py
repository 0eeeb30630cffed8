"""Claims about a message in the middle of which something changes: the gate closes, or its time is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.delivery.deliver import TIME
from shared.errors import ServiceUnavailable
from shared.messages import ChangeMessage
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FRESH
from shared.storage.parked import WAITING
from shared.threads import MAILBOX_LIMIT as AT_ONCE
from tests.support.world import REFUSED, World, event

EVENTS = [f"E{number:03}" for number in range(100)]


class Partner:
    """Takes deliveries, and lets something happen at each, of which it is told the number."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posts: list[str] = []
        self.take = world.webhook.deliver
        world.webhook.deliver = self.deliver  # type: ignore[method-assign]

    def deliver(self, message_id: str, body: str) -> None:
        """Take a delivery."""
        self.posts.append(message_id)
        self.happens(len(self.posts))
        self.take(message_id, body)

    def happens(self, number: int) -> None:
        """What happens at a delivery."""


@pytest.fixture
def partner(world: World) -> Partner:
    """A partner to whom the changes of a hundred events of one mailbox go."""
    world.watch()
    world.events.by_id = {one: event(one) for one in EVENTS}
    return Partner(world)


def hundred(world: World) -> ChangeMessage:
    """Return one message of a hundred hints, which have settled."""
    message = world.hint(*EVENTS)
    world.pass_by(10)
    return message


def delivered(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message."""
    return world.delivery.deliver(message)


def parked(world: World) -> int:
    """Return how many changes wait."""
    return world.parked.count(WAITING)


def test_a_pause_stops_a_message_that_is_under_way(world: World, partner: Partner) -> None:
    """Within a second only what was being delivered leaves; the rest comes again, is parked, and costs no reading."""

    def pause(number: int) -> None:
        if number == 5:
            world.breaker.transition("paused", "stop")
            world.pass_by(FRESH.total_seconds())

    partner.happens = pause  # type: ignore[method-assign]
    ends = delivered(world, hundred(world))
    assert len(partner.posts) <= 5 + AT_ONCE
    assert ends == Counter({"told": len(partner.posts), "put-off": 100 - len(partner.posts)})
    [(rest, delay)] = world.changes.take()
    assert delay == 0
    assert delivered(world, rest) == Counter(parked=100 - len(partner.posts))
    assert len(world.events.reads) == len(partner.posts)


def test_what_was_put_off_is_told_after_the_pause(world: World, partner: Partner) -> None:
    """No claim holds it up, and each event is told once."""
    message = hundred(world)
    closes = iter([True] * 20)
    world.breaker.allows_delivery = lambda: next(closes, False)  # type: ignore[method-assign]
    delivered(world, message)
    world.breaker.allows_delivery = lambda: True  # type: ignore[method-assign]
    [(rest, _)] = world.changes.take()
    assert 0 < len(rest.changes) < 100
    delivered(world, rest)
    assert sorted(event_id for _, event_id in world.webhook.news) == EVENTS


def test_after_a_410_nothing_more_is_posted(world: World, partner: Partner) -> None:
    """Only what was under way at the same moment: four of a mailbox."""
    world.webhook.failure = NotDelivered(410, "gone")
    delivered(world, hundred(world))
    assert len(partner.posts) <= AT_ONCE
    assert world.breaker.endpoint(fresh=True).state == "gone"
    for message, _ in world.changes.take():
        delivered(world, message)
    assert parked(world) == 100


def test_ten_failures_stop_a_message_that_is_under_way(world: World, partner: Partner) -> None:
    """The partner is spared the other ninety; all are put back or parked."""
    world.webhook.failure = REFUSED
    ends = delivered(world, hundred(world))
    assert FAILURES <= len(partner.posts) < FAILURES + AT_ONCE
    assert ends == Counter({"put-back": len(partner.posts), "put-off": 100 - len(partner.posts)})
    assert world.breaker.endpoint(fresh=True).state == "failing"
    assert "500" in world.breaker.endpoint().reason


def test_ten_failures_between_successes_are_no_row(world: World, partner: Partner) -> None:
    """One delivery in ten fails: that partner is not down."""

    def every_tenth(number: int) -> None:
        if number % 10 == 0:
            raise NotDelivered(503, "status 503")

    partner.happens = every_tenth  # type: ignore[method-assign]
    assert delivered(world, hundred(world)) == Counter({"told": 90, "put-back": 10})
    assert world.breaker.endpoint(fresh=True).state == "flowing"


def test_a_message_whose_time_is_over_puts_the_rest_back_as_it_was(world: World, partner: Partner) -> None:
    """A slow partner: the same hint, chain and wish, at once. Nothing is lost, nothing told twice."""
    partner.happens = lambda _: world.pass_by(6)  # type: ignore[method-assign]
    message = replace(hundred(world), attempt=3, force=True)
    messages, ends = [message], Counter[str]()
    while messages:
        began = world.time
        ends += delivered(world, messages[0])
        assert world.time - began <= TIME + timedelta(seconds=6 * AT_ONCE)
        messages = [one for one, _ in world.changes.take()]
        assert [replace(one, changes=()) for one in messages] in ([], [replace(message, changes=())])
    assert ends["told"] == len(set(partner.posts)) == len(partner.posts) == 100


def test_a_hanging_partner_does_not_keep_a_message_for_long(world: World, partner: Partner) -> None:
    """Each try takes a time limit: the host ends a worker whose message takes ten minutes."""

    def hangs(_: int) -> None:
        world.pass_by(15)
        raise NotDelivered(0, "no answer")

    partner.happens = hangs  # type: ignore[method-assign]
    message = hundred(world)
    began: datetime = world.time
    delivered(world, message)
    assert world.time - began <= TIME + timedelta(seconds=15 * AT_ONCE)
    assert sum(len(one.changes) for one, _ in world.changes.take()) == 100


def test_a_gate_that_cannot_be_asked_is_closed(world: World, partner: Partner) -> None:
    """Storage fails in the middle: what was told is noted, the rest comes again."""
    message, asked = hundred(world), iter([True] * 30)

    def is_open() -> bool:
        if next(asked, False):
            return True
        raise ServiceUnavailable("storage")

    world.breaker.allows_delivery = is_open  # type: ignore[method-assign]
    ends = delivered(world, message)
    assert ends["told"] == len(partner.posts) > 0
    assert ends["told"] + ends["put-off"] == 100


def test_a_breaker_that_cannot_be_opened_costs_no_outcome(world: World, partner: Partner) -> None:
    """Storage fails at the tenth failure: each change is put back as ever, and the next failure opens it."""
    world.webhook.failure = REFUSED
    message, put = hundred(world), world.breaker.transition

    def fails(*_: object, **__: object) -> bool:
        world.breaker.transition = put  # type: ignore[method-assign]
        raise ServiceUnavailable("storage")

    world.breaker.transition = fails  # type: ignore[method-assign]
    ends = delivered(world, message)
    assert ends["put-back"] == len(partner.posts) > FAILURES
    assert world.breaker.endpoint(fresh=True).state == "failing"


def test_the_host_gives_a_message_more_than_its_time() -> None:
    """Ten minutes are functionTimeout; what is under way at the end of its time is over in another two."""
    text = (Path(__file__).parents[3] / "host.json").read_text(encoding="utf-8")
    assert '"functionTimeout": "00:10:00"' in text
    assert timedelta(minutes=10) >= 2 * (TIME + timedelta(minutes=2))
