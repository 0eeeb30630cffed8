"""Notifications of many mailboxes are missing: an outage of Graph, in which nothing is replaced."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

import pytest

from shared.resync.silence import Silence
from shared.resync.silence_rules import RESYNC_EVERY
from shared.storage.maintenance import ResyncHours
from tests.support.world import World

MISSED, NOTIFIED, QUIET = Counter(unnotified=2), Counter(notified=3), Counter(same=9)
DAY = timedelta(days=1).total_seconds()


def silence_of(world: World) -> Silence:
    """Return what another process of the world judges with."""
    return Silence(ResyncHours(lambda: world.rows), world.watches, world.changes, world.parking, world.now)


@pytest.fixture
def silence(world: World) -> Silence:
    """Return what judges a hundred rooms, each with one silent resync."""
    for number in range(100):
        world.watch(f"room{number}@contoso.com", silent_resyncs=1)
    return silence_of(world)


def record_all(world: World, silence: Silence, counts: Counter[str]) -> int:
    """Record a resync of every room, and return how many are to be replaced."""
    return sum(silence.record(watch, counts) for watch in world.watches.all())


def test_an_outage_of_graph_replaces_nothing(world: World, silence: Silence, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the first in the hour, before it is known; health can say so, and the log has one line."""
    with caplog.at_level(logging.WARNING):
        assert record_all(world, silence, MISSED) == 1
        assert silence.is_outage()
        world.pass_by(DAY)
        assert record_all(world, silence, MISSED) == 0
    assert caplog.text.count("Notifications are missing") == 1
    assert silence.missing_since() is not None
    assert Counter(watch.silent_resyncs for watch in world.watches.all())[1] > 90


def test_an_outage_ends_when_notifications_come_again(
    world: World, silence: Silence, caplog: pytest.LogCaptureFixture
) -> None:
    """An hour after resyncs that counts changes with notifications; not by resyncs that counts nothing."""
    record_all(world, silence, MISSED)
    for counts, still in ((QUIET, True), (NOTIFIED, False)):
        world.pass_by(RESYNC_EVERY.total_seconds())
        record_all(world, silence, counts)
        assert silence.is_outage()
        world.pass_by(3600)
        assert silence.is_outage() is still
    with caplog.at_level(logging.WARNING):
        record_all(world, silence, NOTIFIED)
    assert "Notifications come again" in caplog.text


def test_a_single_instance_queues_the_resyncs_of_an_outage(world: World, silence: Silence) -> None:
    """Every four hours, by whichever timer comes first."""
    assert not silence.take_resyncs()
    record_all(world, silence, MISSED)
    assert silence.take_resyncs()
    assert not silence_of(world).take_resyncs()
    world.pass_by(RESYNC_EVERY.total_seconds())
    assert silence_of(world).take_resyncs()
    assert not silence.take_resyncs()
