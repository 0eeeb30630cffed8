"""Failed deliveries: one chain of attempts for each event, growing delays, and no change is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Change, ChangeMessage
from shared.partner.webhook import NotDelivered
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.parked import DEAD, WAITING
from tests.support.world import REFUSED, START, WATCH_ID, World, event


class FailingLedger(Ledger):
    """A ledger that cannot release entries while `fails` is set."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda: world.ledger_rows, world.now)
        self.fails = True

    def release(self, entries: Sequence[Entry]) -> None:
        """Release entries, or raise."""
        if self.fails:
            raise ServiceUnavailable("storage")
        super().release(entries)


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.notified_at + timedelta(seconds=10))
    return world.delivery.deliver(message)


def test_a_failure_goes_back_on_the_queue_with_a_growing_delay(world: World) -> None:
    """The message keeps its attempt and retry token; the ledger has the token of the message that owes the delivery."""
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
    """After twenty-one attempts over seven days the change is a dead letter; a newer change is still delivered."""
    world.watch()
    later = {name: {"dateTime": f"2026-12-2{n}T12:00:00", "timeZone": "UTC"} for n, name in enumerate(("start", "end"))}
    world.events.by_id["E"] = event() | later
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
    world.events.by_id["E"] = event(etag="99") | later
    world.webhook.failure = None
    assert after_settling(world, world.hint()) == Counter(told=1)
    assert world.parked.page(DEAD, 10) == []  # the partner has the newest state


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_delivery_that_the_partner_rejects_is_a_dead_letter_immediately(world: World, status: int) -> None:
    """The partner would reject the same body again; nothing is put back, and the endpoint stays open."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(status, f"status {status}")
    assert after_settling(world, world.hint()) == Counter(dead=1)
    (letter,) = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.event_id, letter.reason, letter.status) == (WATCH_ID, "E", "rejected", status)
    assert (world.changes.take(), world.entry().is_dead_lettered, world.entry().delivered_state) == ([], True, "")
    assert world.breaker.allows_delivery()


def test_a_410_stops_the_endpoint_and_parks_all_changes(world: World) -> None:
    """The change and the next one are parked, and no other delivery is sent."""
    world.watch()
    world.events.by_id |= {"E": event("E"), "F": event("F")}
    world.webhook.failure = NotDelivered(410, "status 410")
    assert after_settling(world, world.hint("E")) == Counter(parked=1)
    world.webhook.failure = None
    assert after_settling(world, world.hint("F")) == Counter(parked=1)
    assert world.breaker.endpoint().state == "gone"
    assert {parked.event_id for parked in world.parked.page(WAITING, 10)} == {"E", "F"}
    assert len(world.webhook.tried) == 1
    assert world.events.reads == ["E"]  # a parked change costs no read


def test_a_crash_between_dead_letter_and_ledger_loses_nothing(world: World) -> None:
    """The message is processed again, and there is one dead letter."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(400, "status 400")
    message = world.hint()
    world.pass_by(10)
    ledger = world.ledger = FailingLedger(world)
    assert world.delivery.deliver(message) == Counter({"put-back": 1})
    ledger.fails = False
    [(again, _)] = world.changes.take()
    world.pass_by(200)  # the claim has expired
    assert after_settling(world, again) == Counter(dead=1)
    assert len(world.parked.page(DEAD, 10)) == 1


def test_a_retry_is_superseded_by_a_newer_success(world: World) -> None:
    """A state that a newer change has delivered is not delivered again by the older message."""
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


def test_an_event_has_a_single_chain_of_attempts(world: World) -> None:
    """Ten changes during an outage do not become ten chains: only the newest message is processed."""
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
    outcomes = sum((after_settling(world, message) for message in owed), Counter[str]())
    assert outcomes == Counter({"covered": 9, "put-back": 1})
    assert len(world.webhook.tried) == 1


def test_a_change_during_an_outage_is_covered_by_the_chain(world: World) -> None:
    """It came before the read whose delivery failed, so the chain delivers it."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    first = world.hint()
    world.pass_by(5)
    second = world.hint()
    after_settling(world, first)
    assert after_settling(world, second) == Counter(covered=1)


def test_a_change_is_put_back_before_the_ledger_records_it(world: World) -> None:
    """If the queue fails, the entry names no message that owes the delivery, and the host tries the message again."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    world.changes.failure = ServiceUnavailable("storage")
    message = world.hint()
    with pytest.raises(ServiceUnavailable):
        after_settling(world, message)
    assert (world.entry().retry_token, world.entry().read_at) == ("", None)
    world.changes.failure = world.webhook.failure = None
    world.pass_by(121)  # the claim of the failed attempt has expired
    assert after_settling(world, message) == Counter(told=1)


@pytest.mark.parametrize(("retry_after", "least"), [(None, 4), (30.0, 30), (80_000.0, 80_000), (1e9, 86_400)])
def test_retry_after_is_respected_up_to_a_day(world: World, retry_after: float | None, least: float) -> None:
    """The partner's Retry-After delays the next attempt."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(503, "status 503", retry_after)
    after_settling(world, world.hint())
    [(_, delay)] = world.changes.take()
    assert least <= delay <= max(least, 6)
