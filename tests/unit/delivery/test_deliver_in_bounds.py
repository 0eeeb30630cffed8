"""A message during which the circuit breaker opens, storage fails, or the time runs out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.delivery.partner_delivery import TIME_BUDGET
from shared.errors import ServiceUnavailable
from shared.messages import ChangeMessage
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FRESH
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import EndpointState
from shared.threads import MAILBOX_LIMIT as AT_ONCE
from tests.support.scripted_breaker import FailsOnce, ScriptedBreaker
from tests.support.world import REFUSED, FakeWebhook, World, event

EVENTS = [f"E{number:03}" for number in range(100)]


@pytest.fixture
def partner(world: World) -> FakeWebhook:
    """Return the partner of a watched mailbox with a hundred events."""
    world.watch()
    world.events.by_id = {event_id: event(event_id) for event_id in EVENTS}
    return world.webhook


@pytest.fixture
def breaker(world: World) -> ScriptedBreaker:
    """Return the world's circuit breaker, which can be scripted."""
    breaker = world.breaker = ScriptedBreaker(world)
    return breaker


def hundred(world: World) -> ChangeMessage:
    """Return a settled message of a hundred changes."""
    message = world.hint(*EVENTS)
    world.pass_by(10)
    return message


def delivered(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message."""
    return world.delivery.deliver(message)


def parked(world: World) -> int:
    """Return how many changes are parked."""
    return world.parked.count(WAITING)


def test_a_pause_stops_a_message_in_progress(world: World, partner: FakeWebhook) -> None:
    """Within a second only the deliveries in progress are sent; the rest goes back, is parked, and costs no read."""

    def pause(number: int) -> None:
        if number == 5:
            world.breaker.transition(EndpointState.PAUSED, "stop")
            world.pass_by(FRESH.total_seconds())

    partner.on_delivery = pause
    outcomes = delivered(world, hundred(world))
    assert len(partner.tried) <= 5 + AT_ONCE
    assert outcomes == Counter({"told": len(partner.tried), "put-off": 100 - len(partner.tried)})
    [(rest, delay)] = world.changes.take()
    assert delay == 0
    assert delivered(world, rest) == Counter(parked=100 - len(partner.tried))
    assert len(world.events.reads) == len(partner.tried)


def test_deferred_changes_are_delivered_after_the_pause(
    world: World, partner: FakeWebhook, breaker: ScriptedBreaker
) -> None:
    """No claim delays them, and each event is delivered once."""
    message = hundred(world)
    closes = iter([True] * 20)
    breaker.check = lambda: next(closes, False)
    delivered(world, message)
    breaker.check = lambda: True
    [(rest, _)] = world.changes.take()
    assert 0 < len(rest.changes) < 100
    delivered(world, rest)
    assert sorted(event_id for _, event_id in partner.news) == EVENTS


def test_after_a_410_nothing_more_is_sent(world: World, partner: FakeWebhook) -> None:
    """Only the deliveries in progress are sent: four of a mailbox."""
    world.webhook.failure = NotDelivered(410, "gone")
    delivered(world, hundred(world))
    assert len(partner.tried) <= AT_ONCE
    assert world.breaker.endpoint(fresh=True).state == "gone"
    for message, _ in world.changes.take():
        delivered(world, message)
    assert parked(world) == 100


def test_ten_failures_stop_a_message_in_progress(world: World, partner: FakeWebhook) -> None:
    """The other ninety changes are not sent; all are put back or parked."""
    world.webhook.failure = REFUSED
    outcomes = delivered(world, hundred(world))
    assert FAILURES <= len(partner.tried) < FAILURES + AT_ONCE
    assert outcomes == Counter({"put-back": len(partner.tried), "put-off": 100 - len(partner.tried)})
    assert world.breaker.endpoint(fresh=True).state == "failing"
    assert "500" in world.breaker.endpoint().reason


def test_failures_between_successes_do_not_open_the_breaker(world: World, partner: FakeWebhook) -> None:
    """If one delivery in ten fails, the partner is not down."""

    def every_tenth(number: int) -> None:
        if number % 10 == 0:
            raise NotDelivered(503, "status 503")

    partner.on_delivery = every_tenth
    assert delivered(world, hundred(world)) == Counter({"told": 90, "put-back": 10})
    assert world.breaker.endpoint(fresh=True).state == "flowing"


def test_a_message_out_of_time_puts_the_rest_back_unchanged(world: World, partner: FakeWebhook) -> None:
    """The rest is queued without a delay, with its attempt and `force`; each event is delivered once."""
    partner.on_delivery = lambda _: world.pass_by(6)
    message = replace(hundred(world), attempt=3, force=True)
    messages, outcomes = [message], Counter[str]()
    while messages:
        began = world.time
        outcomes += delivered(world, messages[0])
        assert world.time - began <= TIME_BUDGET + timedelta(seconds=6 * AT_ONCE)
        messages = [rest for rest, _ in world.changes.take()]
        assert [replace(rest, changes=()) for rest in messages] in ([], [replace(message, changes=())])
    assert outcomes["told"] == len(set(partner.tried)) == len(partner.tried) == 100


def test_a_partner_that_times_out_does_not_hold_a_message_for_long(world: World, partner: FakeWebhook) -> None:
    """Each attempt takes a time limit, and the host ends a worker whose message takes ten minutes."""

    def hangs(_: int) -> None:
        world.pass_by(15)
        raise NotDelivered(0, "no answer")

    partner.on_delivery = hangs
    message = hundred(world)
    began: datetime = world.time
    delivered(world, message)
    assert world.time - began <= TIME_BUDGET + timedelta(seconds=15 * AT_ONCE)
    assert sum(len(rest.changes) for rest, _ in world.changes.take()) == 100


def test_no_delivery_is_sent_while_the_breaker_cannot_be_read(
    world: World, partner: FakeWebhook, breaker: ScriptedBreaker
) -> None:
    """If storage fails within a message, delivered changes are recorded and the rest goes back on the queue."""
    message, checks = hundred(world), iter([True] * 30)

    def check() -> bool:
        if next(checks, False):
            return True
        raise ServiceUnavailable("storage")

    breaker.check = check
    outcomes = delivered(world, message)
    assert outcomes["told"] == len(partner.tried) > 0
    assert outcomes["told"] + outcomes["put-off"] == 100


def test_a_breaker_that_cannot_be_opened_loses_no_outcome(
    world: World, partner: FakeWebhook, breaker: ScriptedBreaker
) -> None:
    """If storage fails at the tenth failure, each change is still put back, and the next failure opens the breaker."""
    partner.failure = REFUSED
    breaker.before["transition"] = FailsOnce()
    outcomes = delivered(world, hundred(world))
    assert outcomes["put-back"] == len(partner.tried) > FAILURES
    assert breaker.endpoint(fresh=True).state == "failing"


def test_the_host_gives_a_message_more_than_its_time() -> None:
    """`functionTimeout` is ten minutes; what is in progress when the time runs out ends within another two."""
    text = (Path(__file__).parents[3] / "host.json").read_text(encoding="utf-8")
    assert '"functionTimeout": "00:10:00"' in text
    assert timedelta(minutes=10) >= 2 * (TIME_BUDGET + timedelta(minutes=2))
