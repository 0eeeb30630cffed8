"""Claims about changes that are worked on at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from shared.delivery.sync_event import DELIVERY
from shared.messages import Change, ChangeMessage
from shared.storage.ledger import CLAIM
from shared.threads import MAILBOX_LIMIT as AT_ONCE
from tests.support.world import World, event


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.notified_at + timedelta(seconds=10))
    return world.delivery.deliver(message)


def test_at_most_four_readings_of_a_mailbox_at_once(world: World) -> None:
    """Across all messages; Graph refuses a fifth."""
    world.watch()
    together = threading.Barrier(AT_ONCE)

    def during(_: str) -> None:
        together.wait(5)  # passes only when four are in at once

    world.events.during = during
    events = [f"E{number}" for number in range(16)]
    world.events.by_id.update({one: event(one) for one in events})
    first, second = world.hint(*events[:8]), world.hint(*events[8:])
    world.pass_by(10)
    threads = [threading.Thread(target=world.delivery.deliver, args=(message,)) for message in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert world.events.most_at_once == AT_ONCE == 4
    assert len(world.webhook.taken) == 16


def test_several_mailboxes_of_a_message_are_worked_on_side_by_side(world: World) -> None:
    """Two mailboxes, each in its own threads; both are told."""
    one, other = world.watch(), world.watch("room2@contoso.com")
    world.events.by_id.update({"A": event("A"), "B": event("B")})
    together = threading.Barrier(2)

    def during(_: str) -> None:
        together.wait(5)  # passes only when both mailboxes are being read

    world.events.during = during
    message = replace(world.hint(), changes=(Change(one.id, "u", "A"), Change(other.id, "u", "B")))
    assert after_settling(world, message) == Counter(told=2)


def test_an_older_reading_never_follows_a_newer_one(world: World) -> None:
    """Waiting for one of four places may outlast the claim: then somebody else may be reading the event already."""
    world.watch()
    world.events.by_id["E"] = event(etag="1")
    message, waits, places = world.hint(), [110], world.mailbox_limits.of

    def busy_places(mailbox: str) -> threading.BoundedSemaphore:
        world.pass_by(waits.pop() if waits else 0)
        return places(mailbox)

    def somebody_else_is_faster(_: str) -> None:
        world.events.during = lambda _: None
        world.pass_by(15)
        world.events.by_id["E"] = event(etag="2")
        world.delivery.deliver(replace(world.hint(), notified_at=world.time - timedelta(seconds=11)))

    world.mailbox_limits.of = busy_places  # type: ignore[method-assign]
    world.events.during = somebody_else_is_faster
    world.pass_by(10)
    world.delivery.deliver(message)
    assert [body["timestamp"] for _, body in world.webhook.taken] == sorted(
        body["timestamp"] for _, body in world.webhook.taken
    )


def test_a_delivery_begins_only_if_it_ends_within_the_claim(world: World) -> None:
    """Graph took so long that another instance may read and deliver a newer state before this one has arrived."""
    world.watch()
    world.events.by_id["E"] = event()
    world.events.during = lambda _: world.pass_by((CLAIM - DELIVERY).total_seconds() + 1)
    assert after_settling(world, world.hint()) == {"put-back": 1}
    assert world.webhook.tried == []
    world.events.during = lambda _: world.pass_by((CLAIM - DELIVERY).total_seconds())
    ((chain, delay),) = world.changes.take()
    world.pass_by(delay)
    assert after_settling(world, chain) == {"told": 1}
