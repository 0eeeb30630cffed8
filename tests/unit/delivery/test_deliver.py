"""Delivery: which read covers which notification, which change waits, and the order of the writes."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.batch import SKEW
from shared.messages import ChangeMessage
from tests.support.world import REFUSED, START, WATCH_ID, World, event


def after_settling(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message as soon as it has settled."""
    world.time = max(world.time, message.notified_at + timedelta(seconds=10))
    return world.delivery.deliver(message)


def test_a_change_waits_for_the_settling_time(world: World) -> None:
    """A change goes back on the queue for the rest of SETTLE_SECONDS, after which it has settled, and is not read."""
    world.watch()
    message = world.hint()
    world.pass_by(3)
    assert world.delivery.deliver(message) == Counter(settling=1)
    assert world.changes.take() == [(replace(message, skip_settling=True), 7.0)]
    assert (world.events.reads, world.webhook.taken) == ([], [])


def test_a_change_is_read_delivered_and_recorded(world: World) -> None:
    """One read and one delivery; the ledger has the state and the times, and the watch the time of the change."""
    world.watch()
    world.events.by_id["E"] = event()
    assert after_settling(world, world.hint()) == Counter(told=1)
    assert (world.events.reads, world.webhook.news) == (["E"], [("created", "E")])
    entry = world.entry()
    assert (entry.delivered_state, entry.start, entry.read_at) == (
        "1",
        "2026-11-20T12:00:00Z",
        START + timedelta(seconds=10),
    )
    assert (entry.claimed_until, entry.retry_token) == (None, "")
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (watch.last_change, watch.user_id) == (world.time, "user")
    assert world.changes.take() == []


def test_no_title_is_stored(world: World) -> None:
    """Neither the ledger nor the watch nor the queue holds a title."""
    world.watch()
    world.events.by_id.update({event_id: event(event_id, subject="canary") for event_id in ("taken", "refused")})
    after_settling(world, world.hint("taken"))
    world.webhook.failure = REFUSED
    after_settling(world, world.hint("refused"))
    stored = repr((world.rows.rows, world.ledger_rows.rows, world.changes.puts))
    assert "canary" not in stored
    assert "Nordmann" not in stored


def test_a_burst_costs_a_single_read_and_delivery(world: World) -> None:
    """A read covers the notifications that came before it began."""
    world.watch()
    world.events.by_id["E"] = event()
    messages = []
    for _ in range(4):
        messages.append(world.hint())
        world.pass_by(1)
    outcomes = sum((after_settling(world, message) for message in messages), Counter[str]())
    assert outcomes == Counter(covered=3, told=1)
    assert (world.events.reads, len(world.webhook.taken)) == (["E"], 1)


def test_a_notification_after_the_read_is_not_covered(world: World) -> None:
    """Nor is a notification within the tolerance for clock skew."""
    world.watch()
    world.events.by_id["E"] = event()
    after_settling(world, world.hint())
    within = replace(world.hint(), notified_at=world.time - SKEW)
    before = replace(world.hint(), notified_at=world.time - SKEW - timedelta(milliseconds=1))
    world.pass_by(10)
    assert world.delivery.deliver(before) == Counter(covered=1)
    assert world.delivery.deliver(within) == Counter({"no-news": 1})
    assert world.events.reads == ["E", "E"]


def test_a_read_covers_only_what_came_before_its_start(world: World) -> None:
    """A notification that came during the read causes another read, since the response may be older."""
    world.watch()
    world.events.by_id["E"] = event()
    world.events.during = lambda _: world.pass_by(5)
    after_settling(world, world.hint())
    during = replace(world.hint(), notified_at=world.time - timedelta(seconds=3))
    assert after_settling(world, during) == Counter({"no-news": 1})


def test_the_last_state_is_delivered(world: World) -> None:
    """Creation and update are delivered; an unchanged state is not."""
    world.watch()
    for etag in ("1", "2", "2"):
        world.events.by_id["E"] = event(etag=etag, subject=f"state {etag}")
        after_settling(world, world.hint())
    assert world.webhook.news == [("created", "E"), ("updated", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"]["title"] == "state 2"


def test_a_claimed_event_is_tried_again_soon(world: World) -> None:
    """Another worker is reading it; the notification may be newer than that read, so its change is put back."""
    world.watch()
    world.events.by_id["E"] = event()
    assert world.ledger.claim([world.entry()]) != [None]
    message = world.hint()
    assert after_settling(world, message) == Counter(busy=1)
    [(again, delay)] = world.changes.take()
    assert (again, delay) == (message, 2.0)
    assert world.events.reads == []


def test_the_claim_of_a_killed_worker_expires(world: World) -> None:
    """Two minutes later the change is delivered."""
    world.watch()
    world.events.by_id["E"] = event()
    world.ledger.claim([world.entry()])
    message = world.hint()
    world.pass_by(121)
    assert world.delivery.deliver(message) == Counter(told=1)


def test_a_message_received_twice_is_delivered_once(world: World) -> None:
    """After a crash before the message is deleted, the second run is covered."""
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    assert after_settling(world, message) == Counter(told=1)
    assert after_settling(world, message) == Counter(covered=1)


def test_a_crash_between_delivery_and_ledger_repeats_the_webhook_id(world: World) -> None:
    """The partner gets the delivery twice and can recognise the duplicate."""
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    after_settling(world, message)
    world.ledger_rows.rows.clear()  # as if it had never been recorded
    after_settling(world, message)
    assert [message_id for message_id, _ in world.webhook.taken] == [world.webhook.tried[0]] * 2


def test_a_failing_change_does_not_hold_back_the_others(world: World) -> None:
    """Only the failed change goes back on the queue."""
    world.watch()
    world.events.by_id.update({event_id: event(event_id) for event_id in ("A", "B", "C")})
    world.events.by_id["B"] = event("B", start=None)
    assert after_settling(world, world.hint("A", "B", "C")) == Counter({"told": 2, "put-back": 1})
    [(again, _)] = world.changes.take()
    assert [change.event_id for change in again.changes] == ["B"]


def test_an_unexpected_error_puts_the_change_back(world: World) -> None:
    """Otherwise the message with all its valid changes would be a poison message after five attempts."""
    world.watch()
    world.events.by_id.update({event_id: event(event_id) for event_id in ("A", "B", "C")})
    world.events.by_id["B"] = ZeroDivisionError("unforeseen")
    assert after_settling(world, world.hint("A", "B", "C")) == Counter({"told": 2, "put-back": 1})


def test_an_unknown_watch_is_not_read(world: World) -> None:
    """The watch was deleted, so its changes are dropped."""
    assert after_settling(world, world.hint()) == Counter({"unknown-watch": 1})
    assert world.events.reads == []


def test_a_direct_watch_is_not_read(world: World) -> None:
    """Graph notifies the partner directly."""
    world.watch(delivery="direct", notification_url="https://partner.example/n")
    assert after_settling(world, world.hint()) == Counter({"direct-watch": 1})
    assert world.events.reads == []


def test_the_allow_list_is_checked_again_at_delivery() -> None:
    """A mailbox that was removed from the list is no longer read, although its watch exists."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    watch = world.watch()
    assert after_settling(world, world.hint()) == Counter({"not-allowed": 1})
    assert (world.events.reads, world.webhook.taken, world.changes.take()) == ([], [], [])
    after = world.watches.get(watch.id)
    assert after is not None
    assert after.gap_since is not None  # so that it is resynced once it is allowed again


def test_a_warning_names_no_event_and_no_content(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Ids are shortened in logs; titles are never logged."""
    world.watch()
    world.events.by_id["EVENTID"] = event("EVENTID", subject="canary")
    world.webhook.failure = REFUSED
    with caplog.at_level(logging.DEBUG):
        after_settling(world, world.hint("EVENTID"))
    assert "failed (attempt 1)" in caplog.text
    assert "EVENTID" not in caplog.text + repr([vars(record) for record in caplog.records])
    assert "canary" not in caplog.text


@pytest.mark.parametrize("broken", [{"SETTLE_SECONDS": "x"}, {"ALLOWED_MAILBOXES": "@Microsoft.KeyVault(x)"}])
def test_a_broken_setting_loses_no_change(broken: dict[str, str]) -> None:
    """The host's five attempts take two and a half minutes, so the change goes back on the queue with a delay."""
    world = World(**broken)
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    world.pass_by(300)
    assert world.delivery.deliver(message) == Counter({"put-back": 1})
    assert len(world.changes.take()) == 1
