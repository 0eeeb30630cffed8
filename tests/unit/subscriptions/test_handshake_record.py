"""Graph's validation of a notification URL is recorded, and never delays or fails the answer to it."""

from __future__ import annotations

import logging

import pytest

from shared.subscriptions.handshake_record import WRITE_EVERY, HandshakeRecord
from tests.support.subscribed import LIFECYCLE, URL
from tests.support.world import START, World


def test_the_last_handshake_is_recorded(world: World) -> None:
    """With its URL and time."""
    world.handshakes.saw(URL)
    world.pass_by(1)
    world.handshakes.saw(LIFECYCLE)
    row = world.handshake_row.read()
    assert (row.url, row.at) == (LIFECYCLE, world.time)


def test_the_same_url_is_written_at_most_every_ten_seconds(world: World) -> None:
    """A mass set-up makes two handshakes for each mailbox."""
    world.handshakes.saw(URL)
    world.pass_by(WRITE_EVERY.total_seconds() - 1)
    world.handshakes.saw(URL)
    assert world.handshake_row.read().at == START
    world.pass_by(1)
    world.handshakes.saw(URL)
    assert world.handshake_row.read().at == world.time


def test_another_url_is_written_at_once(world: World) -> None:
    """The row names the last one, also when the two alternate."""
    for url in (URL, LIFECYCLE, URL):
        world.handshakes.saw(url)
        assert world.handshake_row.read().url == url


def test_a_storage_failure_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Graph gets its answer all the same."""
    world.rows.failing = 1
    with caplog.at_level(logging.WARNING, "relay.handshake"):
        HandshakeRecord(world.handshake_row, world.now).saw(URL)
    assert "could not be recorded" in caplog.text
    assert world.handshake_row.read().url == ""


def test_many_writers_of_the_row_are_no_error(world: World) -> None:
    """Another instance writes at each attempt."""

    def write() -> None:
        world.rows.before = lambda: None
        world.handshake_row._rows.change(world.handshake_row.read(), url="https://other.example")
        world.rows.before = write

    world.handshakes.saw(LIFECYCLE)
    world.rows.before = write
    world.handshakes.saw(URL)
    world.rows.before = lambda: None
    assert world.handshake_row.read().url == "https://other.example"
