"""Subscriptions that exist and send nothing: found by daily resyncs, replaced at a limited rate, not in an outage."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.messages import ChangeMessage
from shared.resync.notified_changes import LOOK_BACK, NOTIFIED_WITHIN
from shared.resync.silence import FLUSH_EVERY, Silence
from shared.storage.maintenance import ResyncHour, ResyncHours
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import Watch
from tests.support.world import MAILBOX, WATCH_ID, World, event

MISSED, NOTIFIED, QUIET = Counter(unnotified=2), Counter(notified=3), Counter(same=9)
DAY = timedelta(days=1).total_seconds()


def silence_of(world: World) -> Silence:
    """Return what another process of the world judges with."""
    return Silence(ResyncHours(lambda: world.rows), world.watches, world.changes, world.parking, world.now)


@pytest.fixture
def silence(world: World) -> Silence:
    """Return what judges the world's subscriptions."""
    return silence_of(world)


def row(world: World, mailbox: str = MAILBOX) -> Watch:
    """Return a watch's row."""
    return next(watch for watch in world.watches.all() if watch.mailbox == mailbox)


def hour_of(world: World) -> ResyncHour:
    """Return the shared row."""
    return ResyncHours(lambda: world.rows).read()


def nights(world: World, silence: Silence, *nightly: Counter[str]) -> list[bool]:
    """Record a daily resync on each of some nights, and return what is to be done."""
    done = []
    for counts in nightly:
        world.pass_by(DAY)
        done.append(silence.record(row(world), counts))
    return done


def test_a_subscription_is_replaced_after_two_silent_resyncs(world: World, silence: Silence) -> None:
    """The row says so, too, and is due now."""
    world.watch()
    assert nights(world, silence, MISSED) == [False]
    assert (row(world).silent_resyncs, row(world).replaced_at, row(world).due_at) == (1, None, None)
    assert nights(world, silence, MISSED) == [True]
    assert (row(world).silent_resyncs, row(world).replaced_at, row(world).due_at) == (2, world.time, world.time)
    assert row(world).state == "live"


def book(world: World, event_id: str) -> None:
    """Book a meeting five hours ago, and send no notification."""
    modified = (world.time - timedelta(hours=5)).isoformat()
    start, end = ({"dateTime": f"2026-12-01T{hour}:00:00", "timeZone": "UTC"} for hour in ("08", "09"))
    world.events.by_id[event_id] = event(event_id, start=start, end=end, lastModifiedDateTime=modified)


def test_resyncs_find_a_silent_subscription_by_the_ledger(world: World, silence: Silence) -> None:
    """Each night it has what it finds delivered, and after the second it is known. The third has a notification."""
    world.watch(created=world.time, since=world.time)
    done = []
    for night in range(3):
        world.pass_by(DAY)
        book(world, f"E{night}")
        if night == 2:
            world.delivery.deliver(replace(world.hint("E2"), notified_at=world.time - timedelta(hours=5)))
        done.append(silence.record(row(world), world.resync.resync(row(world))))
        world.pass_by(11)
        for message, _ in world.changes.take():
            world.delivery.deliver(message)
    assert done == [False, True, False]
    assert len(world.webhook.news) == 3


def test_a_notification_restarts_the_count(world: World, silence: Silence) -> None:
    """Single notifications are lost now and then."""
    world.watch()
    assert nights(world, silence, MISSED, NOTIFIED, MISSED, NOTIFIED) == [False] * 4
    assert row(world).silent_resyncs == 0


def test_a_notification_counts_in_the_middle_of_a_night(world: World, silence: Silence) -> None:
    """The resync of another mailbox was written to the shared row seconds before."""
    world.watch(silent_resyncs=1)
    silence.record(world.watch("b@contoso.com"), NOTIFIED)
    silence.record(row(world), NOTIFIED)
    assert row(world).silent_resyncs == 0


def test_a_quiet_night_says_nothing(world: World, silence: Silence) -> None:
    """A room is not booked at weekends; and the second attempt of a resync finds what the first has queued."""
    world.watch()
    assert nights(world, silence, MISSED, QUIET, QUIET, MISSED) == [False, False, False, True]


def test_a_watch_is_replaced_once_a_week(world: World, silence: Silence) -> None:
    """If it stays silent, the next replacement is seven days later."""
    world.watch()
    assert nights(world, silence, *[MISSED] * 9) == [False, True, *[False] * 6, True]


def test_a_replacement_above_the_limit_is_done_later(world: World, silence: Silence) -> None:
    """One in a hundred an hour, so one of these two; the other follows in the next night, though it is quiet."""
    world.watch(silent_resyncs=1)
    world.watch("b@contoso.com", silent_resyncs=1)
    assert silence.record(row(world), MISSED)
    assert not silence.record(row(world, "b@contoso.com"), MISSED)
    world.pass_by(DAY)
    assert silence.record(row(world, "b@contoso.com"), QUIET)


def test_another_instance_counts_in_the_same_row(world: World, silence: Silence) -> None:
    """Together they replace one in an hour."""
    world.watch(silent_resyncs=1)
    world.watch("b@contoso.com", silent_resyncs=1)
    assert silence.record(row(world), MISSED)
    assert not silence_of(world).record(row(world, "b@contoso.com"), MISSED)
    assert (hour_of(world).resyncs, hour_of(world).unnotified, hour_of(world).granted) == (2, 2, 1)


def test_a_concurrent_write_to_the_watch_loses_nothing(world: World, silence: Silence) -> None:
    """The row given was read before the resync."""
    stale = world.watch(silent_resyncs=1)
    world.watches.saw_change(stale, world.time, "user")
    assert silence.record(stale, MISSED)
    assert (row(world).silent_resyncs, row(world).user_id) == (2, "user")


@pytest.mark.parametrize("fate", ["deleted", "replaced"])
def test_another_subscription_is_not_judged_by_it(world: World, silence: Silence, fate: str) -> None:
    """The watch was deleted, or has a new subscription."""
    stale = world.watch(silent_resyncs=1)
    if fate == "deleted":
        world.watches.delete(stale)
    else:
        world.watches.change(stale, subscription_id="s-1", silent_resyncs=0)
    assert not silence.record(stale, MISSED)
    after = world.watches.get(WATCH_ID)
    assert after is None or (after.silent_resyncs, after.replaced_at) == (0, None)


def delayed(world: World, why: str) -> None:
    """Delay notifications between intake and ledger."""
    if why == "queue":
        world.changes.visible = [("x", world.time - NOTIFIED_WITHIN - timedelta(seconds=1))]
    elif why == "parked":
        message: ChangeMessage = world.hint()
        world.breaker.transition(EndpointState.PAUSED, "test")
        world.parking.park(message, message.changes, "paused")
        world.breaker.transition(EndpointState.FLOWING, "test")
    else:
        world.breaker.transition(EndpointState(why), "test")


@pytest.mark.parametrize("why", ["queue", "parked", "paused", "failing", "gone"])
def test_delayed_notifications_are_not_missing(world: World, silence: Silence, why: str) -> None:
    """They came, but left no reading in the ledger yet. Nothing is counted."""
    world.watch(silent_resyncs=1)
    delayed(world, why)
    assert not silence.record(row(world), MISSED)
    assert (row(world).silent_resyncs, hour_of(world).resyncs) == (1, 0)


def test_a_short_queue_is_no_delay(world: World, silence: Silence) -> None:
    """A change waits for its settling."""
    world.watch(silent_resyncs=1)
    world.changes.visible = [("x", world.time - timedelta(seconds=20))]
    assert silence.record(row(world), MISSED)


def test_nothing_is_judged_for_a_day_after_an_absence(world: World, silence: Silence) -> None:
    """Graph has dropped notifications meanwhile."""
    world.watch(silent_resyncs=1)
    silence.excuse()
    world.pass_by(LOOK_BACK.total_seconds() - 1)
    assert not silence.record(row(world), MISSED)
    assert (row(world).silent_resyncs, hour_of(world).unnotified) == (1, 0)
    world.pass_by(1)
    assert silence.record(row(world), MISSED)


def test_resyncs_that_say_nothing_share_their_writes(world: World, silence: Silence) -> None:
    """A night of many resyncs does not write to the shared row for each of them."""
    watches, calls = [world.watch(f"room{number}@contoso.com") for number in range(100)], list[str]()
    world.rows.before = lambda: calls.append("storage")
    for watch in watches:
        silence.record(watch, NOTIFIED)
        world.pass_by(0.2)
    assert len(calls) <= 4 * (1 + 20 / FLUSH_EVERY.total_seconds())
    world.pass_by(10)
    silence.record(watches[0], NOTIFIED)
    assert (hour_of(world).resyncs, hour_of(world).notified) == (101, 101)


def test_a_busy_row_ends_no_resync(world: World, silence: Silence) -> None:
    """Other instances change it before every write: after some attempts the numbers of this resync are lost."""
    world.watch()
    silence.record(row(world), MISSED)
    key = {"PartitionKey": "resync-hour", "RowKey": "0" * 32}
    calls: list[str] = []

    def write_first() -> None:
        world.rows.before = lambda: None
        world.rows.upsert_entity({**key, "granted": len(calls)})
        world.rows.before = write_first
        calls.append("storage")

    world.rows.before = write_first
    silence.record(world.watch("b@contoso.com"), MISSED)
    assert len(calls) < 40
    world.rows.before = lambda: None
    assert hour_of(world).resyncs == 1
