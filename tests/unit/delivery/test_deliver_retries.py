"""Claims about what failed: one chain of tries for an event, growing delays, and nothing lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Change, ChangeMessage
from shared.partner.webhook import NotDelivered
from shared.storage.parked import DEAD, WAITING
from tests.support.world import REFUSED, START, WATCH_ID, World, event


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.notified_at + timedelta(seconds=10))
    return world.delivery.deliver(message)


def test_a_failure_goes_back_on_the_queue_with_a_growing_delay(world: World) -> None:
    """Attempt and retry name travel with it; the ledger knows which message owes it."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    message, delays = world.hint(), []
    for attempt in range(1, 6):
        assert after_settling(world, message) == Counter({"put-back": 1})
        [(message, delay)] = world.changes.take()
        delays.append(delay)
        assert (message.attempt, message.retry_token) == (attempt, world.entry().retry_token)
        assert message.changes == (Change(WATCH_ID, "user", "E"),)
        world.pass_by(delay)
    assert delays == sorted(delays)
    assert len(set(world.webhook.tried)) == 1  # the same state has the same webhook-id at every attempt
    world.webhook.failure = None
    assert after_settling(world, message) == Counter(told=1)
    assert world.webhook.taken[0][0] == world.webhook.tried[0]


def test_after_seven_days_of_failures_it_is_a_dead_letter(world: World) -> None:
    """Twenty-one tries over seven days; then it lies where it never expires, and a newer hint is told as ever."""
    world.watch()
    later = {name: {"dateTime": f"2026-12-2{n}T12:00:00", "timeZone": "UTC"} for n, name in enumerate(("start", "end"))}
    world.events.by_id["E"] = event(**later)
    world.webhook.failure = REFUSED
    message = world.hint()
    while after_settling(world, message) == Counter({"put-back": 1}):
        [(message, delay)] = world.changes.take()
        world.pass_by(delay)
    assert len(world.webhook.tried) == 21
    assert timedelta(days=5) < world.time - START < timedelta(days=8)  # spread by a fifth
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.event_id, letter.reason, letter.status, letter.attempts) == ("E", "gave-up", 500, 21)
    assert world.changes.take() == []
    world.events.by_id["E"] = event(etag="99", **later)
    world.webhook.failure = None
    assert after_settling(world, world.hint()) == Counter(told=1)
    assert world.parked.page(DEAD, 10) == []  # the partner has its newest state: nothing is owed


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_delivery_that_the_partner_rejects_is_a_dead_letter_at_once(world: World, status: int) -> None:
    """The same body would be rejected again; nothing is put back, and the endpoint goes on."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(status, f"status {status}")
    assert after_settling(world, world.hint()) == Counter(dead=1)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.event_id, letter.reason, letter.status) == (WATCH_ID, "E", "rejected", status)
    assert (world.changes.take(), world.entry().is_dead_lettered, world.entry().delivered_state) == ([], True, "")
    assert world.breaker.allows_delivery()


def test_a_410_stops_the_endpoint_and_parks_what_follows(world: World) -> None:
    """Nothing more is posted, nothing is lost: this change and the next lie parked."""
    world.watch()
    world.events.by_id |= {"E": event("E"), "F": event("F")}
    world.webhook.failure = NotDelivered(410, "status 410")
    assert after_settling(world, world.hint("E")) == Counter(parked=1)
    world.webhook.failure = None
    assert after_settling(world, world.hint("F")) == Counter(parked=1)
    assert world.breaker.endpoint().state == "gone"
    assert {one.event_id for one in world.parked.page(WAITING, 10)} == {"E", "F"}
    assert len(world.webhook.tried) == 1
    assert world.events.reads == ["E"]  # what is parked costs no reading


def test_a_crash_between_parking_and_the_ledger_loses_nothing(world: World) -> None:
    """The ledger cannot be written after the dead letter: the message comes again, and there is one letter."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(400, "status 400")
    message = world.hint()
    world.pass_by(10)
    settle = world.ledger.release
    world.ledger.release = _refuse  # type: ignore[method-assign]
    assert world.delivery.deliver(message) == Counter({"put-back": 1})
    world.ledger.release = settle  # type: ignore[method-assign]
    [(again, _)] = world.changes.take()
    world.pass_by(200)  # the claim has ended
    assert after_settling(world, again) == Counter(dead=1)
    assert len(world.parked.page(DEAD, 10)) == 1


def _refuse(_: object) -> None:
    raise ServiceUnavailable("storage")


def test_a_retry_is_superseded_by_a_newer_success(world: World) -> None:
    """What a newer hint has told is not told again by the older message."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    after_settling(world, world.hint())
    [(retry, _)] = world.changes.take()
    world.webhook.failure = None
    world.pass_by(1)
    assert after_settling(world, world.hint()) == Counter(told=1)
    world.pass_by(100)
    assert after_settling(world, retry) == Counter(covered=1)
    assert len(world.webhook.taken) == 1


def test_there_is_one_chain_of_tries_for_an_event(world: World) -> None:
    """Ten hints during an outage do not make ten chains: only the newest message is worked on."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    owed = []
    for _ in range(10):
        world.pass_by(20)
        after_settling(world, world.hint())
        owed += [message for message, _ in world.changes.take()]
    assert len(owed) == 10
    world.pass_by(100)
    world.webhook.tried.clear()
    ends = sum((after_settling(world, message) for message in owed), Counter[str]())
    assert ends == Counter({"covered": 9, "put-back": 1})
    assert len(world.webhook.tried) == 1


def test_a_hint_during_an_outage_is_covered_by_the_chain(world: World) -> None:
    """It came before the reading whose delivery failed: the chain will tell it."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    first = world.hint()
    world.pass_by(5)
    second = world.hint()
    after_settling(world, first)
    assert after_settling(world, second) == Counter(covered=1)


def test_it_is_put_back_before_the_ledger_notes_it(world: World) -> None:
    """The queue refuses: then no entry says that somebody owes it, and the host tries the message again."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    world.changes.failure = ServiceUnavailable("storage")
    message = world.hint()
    with pytest.raises(ServiceUnavailable):
        after_settling(world, message)
    assert (world.entry().retry_token, world.entry().read_at) == ("", None)
    world.changes.failure = world.webhook.failure = None
    world.pass_by(121)  # the claim of the failed try runs out
    assert after_settling(world, message) == Counter(told=1)


@pytest.mark.parametrize(("wish", "least"), [(None, 4), (30.0, 30), (1e9, 3600)])
def test_a_wish_to_wait_is_granted_up_to_an_hour(world: World, wish: float | None, least: float) -> None:
    """Retry-After of the partner or of Graph."""
    world.watch()
    world.events.by_id["E"] = event()
    failure = REFUSED.__class__(503, "status 503", wish)
    world.webhook.failure = failure
    after_settling(world, world.hint())
    [(_, delay)] = world.changes.take()
    assert least <= delay <= max(least, 6)
