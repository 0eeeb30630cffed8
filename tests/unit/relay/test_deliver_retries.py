"""Claims about what failed: one chain of tries for an event, growing delays, and nothing lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import Unavailable
from shared.relay.deliver import deliver
from shared.relay.messages import Change, ChangeMessage
from tests.unit.relay.fakes import REFUSED, START, WATCH_ID, World, event


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.hinted + timedelta(seconds=10))
    return deliver(world, message)  # type: ignore[arg-type]  # a fake


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
        assert (message.attempt, message.retry) == (attempt, world.entry().retry)
        assert message.changes == (Change(WATCH_ID, "user", "E"),)
        world.pass_by(delay)
    assert delays == sorted(delays)
    assert len(set(world.webhook.tried)) == 1  # the same state has the same webhook-id at every attempt
    world.webhook.failure = None
    assert after_settling(world, message) == Counter(told=1)
    assert world.webhook.taken[0][0] == world.webhook.tried[0]


def test_nothing_is_lost_however_long_it_fails(world: World) -> None:
    """A year of failures, then the last state is told once."""
    world.watch()
    world.events.by_id["E"] = event()
    world.webhook.failure = REFUSED
    message, end = world.hint(), START + timedelta(days=365)
    while world.time < end:
        after_settling(world, message)
        [(message, delay)] = world.changes.take()
        world.pass_by(delay)
    world.events.by_id["E"] = event(etag="99")
    world.webhook.failure = None
    assert after_settling(world, message) == Counter(told=1)
    assert len(world.webhook.taken) == 1


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
    world.changes.failure = Unavailable("storage")
    message = world.hint()
    with pytest.raises(Unavailable):
        after_settling(world, message)
    assert (world.entry().retry, world.entry().read_at) == ("", None)
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
