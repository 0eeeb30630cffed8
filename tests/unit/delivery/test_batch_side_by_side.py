"""Changes that are processed at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from shared.delivery.posting import DELIVERY
from shared.messages import Change, ChangeMessage
from shared.storage.ledger import CLAIM
from shared.threads import MAILBOX_LIMIT as AT_ONCE
from shared.threads import MailboxLimit, MailboxLimits, MailboxWorkers
from tests.support.world import World, event


class BusyLimits(MailboxLimits):
    """Limits that take time to acquire: 110 seconds once."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._waits = [110]

    def of(self, mailbox: str) -> MailboxLimit:
        """Return the limit after the wait."""
        self._world.pass_by(self._waits.pop() if self._waits else 0)
        return super().of(mailbox)


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.notified_at + timedelta(seconds=10))
    return world.delivery.deliver(message)


def test_at_most_four_concurrent_reads_of_a_mailbox(world: World) -> None:
    """The limit holds across messages, since Graph rejects a fifth concurrent request."""
    world.watch()
    together = threading.Barrier(AT_ONCE)

    def during(_: str) -> None:
        together.wait(5)  # passes only while four reads run

    world.events.during = during
    events = [f"E{number}" for number in range(16)]
    world.events.by_id.update({event_id: event(event_id) for event_id in events})
    first, second = world.hint(*events[:8]), world.hint(*events[8:])
    world.pass_by(10)
    threads = [threading.Thread(target=world.delivery.deliver, args=(message,)) for message in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert world.events.most_at_once == AT_ONCE == 4
    assert len(world.webhook.taken) == 16


def test_the_mailboxes_of_a_message_are_processed_concurrently(world: World) -> None:
    """Each mailbox has its own threads."""
    first, second = world.watch(), world.watch("room2@contoso.com")
    world.events.by_id.update({"A": event("A"), "B": event("B")})
    together = threading.Barrier(2)

    def during(_: str) -> None:
        together.wait(5)  # passes only while both mailboxes are read

    world.events.during = during
    message = replace(world.hint(), changes=(Change(first.id, "u", "A"), Change(second.id, "u", "B")))
    assert after_settling(world, message) == Counter(told=2)


def test_an_older_read_is_never_delivered_after_a_newer_read(world: World) -> None:
    """The wait for a permit of the mailbox may outlast the claim, so another worker may have read the event."""
    world.watch()
    world.events.by_id["E"] = event(etag="1")
    message = world.hint()

    def another_worker_is_faster(_: str) -> None:
        world.events.during = lambda _: None
        world.pass_by(15)
        world.events.by_id["E"] = event(etag="2")
        world.delivery.deliver(replace(world.hint(), notified_at=world.time - timedelta(seconds=11)))

    world.mailbox_limits = BusyLimits(world)
    world.workers = MailboxWorkers(world.threads, world.mailbox_limits)
    world.events.during = another_worker_is_faster
    world.pass_by(10)
    world.delivery.deliver(message)
    timestamps = [body["timestamp"] for _, body in world.webhook.taken]
    assert timestamps == sorted(timestamps)


def test_a_delivery_starts_only_if_it_can_end_within_the_claim(world: World) -> None:
    """After a slow read another instance could read and deliver a newer state before this delivery arrives."""
    world.watch()
    world.events.by_id["E"] = event()
    world.events.during = lambda _: world.pass_by((CLAIM - DELIVERY).total_seconds() + 1)
    assert after_settling(world, world.hint()) == {"put-back": 1}
    assert world.webhook.tried == []
    world.events.during = lambda _: world.pass_by((CLAIM - DELIVERY).total_seconds())
    ((chain, delay),) = world.changes.take()
    world.pass_by(delay)
    assert after_settling(world, chain) == {"told": 1}
