"""Claims about delivering: what covers what, who waits for whom, and the order of the writes."""

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


def test_a_change_waits_for_its_settle_time(world: World) -> None:
    """A hint is not read at once: it goes back for what is left of the ten seconds, as it was."""
    world.watch()
    message = world.hint()
    world.pass_by(3)
    assert world.delivery.deliver(message) == Counter(settling=1)
    assert world.changes.take() == [(message, 7.0)]
    assert (world.events.reads, world.webhook.taken) == ([], [])


def test_a_change_is_read_told_and_noted(world: World) -> None:
    """One reading, one delivery, one entry with the state and the times, and the watch knows when."""
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
    """Neither in the ledger nor with the watch nor on the queue."""
    world.watch()
    world.events.by_id.update({one: event(one, subject="canary") for one in ("told", "refused")})
    after_settling(world, world.hint("told"))
    world.webhook.failure = REFUSED
    after_settling(world, world.hint("refused"))
    stored = repr((world.rows.rows, world.ledger_rows.rows, world.changes.puts))
    assert "canary" not in stored
    assert "Nordmann" not in stored


def test_a_burst_costs_one_reading_and_one_delivery(world: World) -> None:
    """Hints that came before the reading began are covered by it."""
    world.watch()
    world.events.by_id["E"] = event()
    hints = []
    for _ in range(4):
        hints.append(world.hint())
        world.pass_by(1)
    ends = sum((after_settling(world, hint) for hint in hints), Counter[str]())
    assert ends == Counter(covered=3, told=1)
    assert (world.events.reads, len(world.webhook.taken)) == (["E"], 1)


def test_a_hint_after_the_reading_is_not_covered(world: World) -> None:
    """Nor is one within the margin for clocks that differ."""
    world.watch()
    world.events.by_id["E"] = event()
    after_settling(world, world.hint())
    within = replace(world.hint(), notified_at=world.time - SKEW)
    before = replace(world.hint(), notified_at=world.time - SKEW - timedelta(milliseconds=1))
    world.pass_by(10)
    assert world.delivery.deliver(before) == Counter(covered=1)
    assert world.delivery.deliver(within) == Counter({"no-news": 1})
    assert world.events.reads == ["E", "E"]


def test_what_counts_is_when_the_reading_began(world: World) -> None:
    """A hint that came while Graph was answering is read again: the answer may be older than it."""
    world.watch()
    world.events.by_id["E"] = event()
    world.events.during = lambda _: world.pass_by(5)
    after_settling(world, world.hint())
    during = replace(world.hint(), notified_at=world.time - timedelta(seconds=3))
    assert after_settling(world, during) == Counter({"no-news": 1})


def test_the_last_state_gets_through(world: World) -> None:
    """Created, updated, and the same state once more, which is no news."""
    world.watch()
    for etag in ("1", "2", "2"):
        world.events.by_id["E"] = event(etag=etag, subject=f"state {etag}")
        after_settling(world, world.hint())
    assert world.webhook.news == [("created", "E"), ("updated", "E")]
    assert world.webhook.taken[-1][1]["data"]["event"]["title"] == "state 2"


def test_a_claimed_event_is_looked_at_again_soon(world: World) -> None:
    """Somebody else reads it at this moment: this hint may be newer than that reading, so it comes back."""
    world.watch()
    world.events.by_id["E"] = event()
    assert world.ledger.claim([world.entry()]) != [None]
    message = world.hint()
    assert after_settling(world, message) == Counter(busy=1)
    [(again, delay)] = world.changes.take()
    assert (again, delay) == (message, 2.0)
    assert world.events.reads == []


def test_a_claim_whose_owner_was_killed_ends_by_itself(world: World) -> None:
    """Two minutes later the change is delivered."""
    world.watch()
    world.events.by_id["E"] = event()
    world.ledger.claim([world.entry()])
    message = world.hint()
    world.pass_by(121)
    assert world.delivery.deliver(message) == Counter(told=1)


def test_a_message_delivered_twice_is_told_once(world: World) -> None:
    """A crash before the queue forgets it: the second time is covered."""
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    assert after_settling(world, message) == Counter(told=1)
    assert after_settling(world, message) == Counter(covered=1)


def test_a_crash_between_delivery_and_ledger_repeats_the_webhook_id(world: World) -> None:
    """The partner gets it twice and can tell that it is the same."""
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    after_settling(world, message)
    world.ledger_rows.rows.clear()  # as if it had never been noted
    after_settling(world, message)
    assert [message_id for message_id, _ in world.webhook.taken] == [world.webhook.tried[0]] * 2


def test_one_failing_change_does_not_hold_back_its_neighbours(world: World) -> None:
    """Only what failed comes back."""
    world.watch()
    world.events.by_id.update({one: event(one) for one in ("A", "B", "C")})
    world.events.by_id["B"] = event("B", start=None)
    assert after_settling(world, world.hint("A", "B", "C")) == Counter({"told": 2, "put-back": 1})
    [(again, _)] = world.changes.take()
    assert [change.event_id for change in again.changes] == ["B"]


def test_an_error_that_nobody_foresaw_is_put_back_like_any_other(world: World) -> None:
    """Else five tries later the message, with all its good changes, is on the poison queue and never told."""
    world.watch()
    world.events.by_id.update({one: event(one) for one in ("A", "B", "C")})
    world.events.by_id["B"] = ZeroDivisionError("unforeseen")
    assert after_settling(world, world.hint("A", "B", "C")) == Counter({"told": 2, "put-back": 1})


def test_an_unknown_watch_is_not_read(world: World) -> None:
    """It was deleted: nobody wants to hear of it."""
    assert after_settling(world, world.hint()) == Counter({"unknown-watch": 1})
    assert world.events.reads == []


def test_a_direct_watch_is_not_read(world: World) -> None:
    """Graph talks to the partner itself."""
    world.watch(delivery="direct", notification_url="https://partner.example/n")
    assert after_settling(world, world.hint()) == Counter({"direct-watch": 1})
    assert world.events.reads == []


def test_the_allow_list_is_asked_again_at_delivery() -> None:
    """An address that the customer took off the list is read no more, although its watch stands."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    watch = world.watch()
    assert after_settling(world, world.hint()) == Counter({"not-allowed": 1})
    assert (world.events.reads, world.webhook.taken, world.changes.take()) == ([], [], [])
    after = world.watches.get(watch.id)
    assert after is not None
    assert after.gap_since is not None  # allowed again, it is resynced


def test_a_warning_names_no_event_and_no_content(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Ids are shortened in logs, titles never get there."""
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
    """Five tries of the host are over in two and a half minutes; an administrator needs longer."""
    world = World(**broken)
    world.watch()
    world.events.by_id["E"] = event()
    message = world.hint()
    world.pass_by(300)
    assert world.delivery.deliver(message) == Counter({"put-back": 1})
    assert len(world.changes.take()) == 1
