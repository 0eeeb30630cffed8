"""A lease of any name has one holder at a time, whatever the clocks say, and outlives no crashed holder for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.storage.leases import LENGTH, Held, Leases, Seen, observed_after, running_seconds
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
FREE_AFTER = observed_after(LENGTH)
NAMES = [
    "drain", "", "turn\nsalon@contoso.com", "0123456789abcdef" * 2, "Ünïcødé/#?", "half: \ud800", "x" * 2000,
]  # fmt: skip


class Time:
    """The real time, in seconds."""

    seconds = 0.0


class Process:
    """A process with its own clocks; `ahead` is the error of the one that somebody sets."""

    def __init__(self, table: FakeTable, time: Time, ahead: float = 0, started: float = 0) -> None:
        self.ahead, self.time = ahead, time
        self.leases = Leases(lambda: table, clock=lambda: time.seconds + started)
        self.held: Held | None = None

    @property
    def now(self) -> datetime:
        """The time that the machine believes in."""
        return NOW + timedelta(seconds=self.time.seconds + self.ahead)

    def takes(self, name: str = "audit", **given: Any) -> bool:
        """Return whether the process gets the lease."""
        got = self.leases.acquire(name, self.now, **given)
        self.held = got if isinstance(got, Held) else None
        return self.held is not None

    def seen(self, name: str = "audit") -> Seen:
        """Return what stands in the way."""
        got = self.leases.acquire(name, self.now)
        assert isinstance(got, Seen)
        return got

    def keeps(self) -> bool:
        """Return whether the process has a lease and keeps it."""
        return self.held is not None and self.held.keep(self.now)


@pytest.fixture
def table() -> FakeTable:
    """Return an empty table."""
    return FakeTable()


@pytest.fixture
def time() -> Time:
    """Return the real time."""
    return Time()


@pytest.fixture
def first(table: FakeTable, time: Time) -> Process:
    """Return a process."""
    return Process(table, time)


@pytest.fixture
def other(table: FakeTable, time: Time) -> Process:
    """Return a process on a machine that has run for longer, and whose clock is 30 seconds ahead."""
    return Process(table, time, ahead=30, started=1e6)


@pytest.mark.parametrize("ahead", [30.0, -30.0, 86_400.0, -86_400.0])
def test_a_holder_that_lives_keeps_its_lease(table: FakeTable, time: Time, first: Process, ahead: float) -> None:
    """The other one's clock is wrong by 30 seconds or by a day; it asks every ten seconds for two hours."""
    other = Process(table, time, ahead)
    assert first.takes()
    for _ in range(720):
        time.seconds += 10
        assert first.keeps()
        assert not other.takes()


@pytest.mark.parametrize("name", NAMES)
def test_the_lease_of_a_killed_holder_is_taken_after_it_was_observed(
    time: Time, first: Process, other: Process, name: str
) -> None:
    """For its whole length and ten seconds by the one that takes it, whatever the time in the row."""
    assert first.takes(name)
    time.seconds = 1_000
    assert other.seen(name) == Seen(other.seen(name).etag, FREE_AFTER)
    time.seconds += FREE_AFTER - 0.5
    assert other.seen(name).wait == pytest.approx(0.5)
    time.seconds += 0.5
    assert other.takes(name)
    assert not first.takes(name)


def test_a_holder_that_was_frozen_for_ten_minutes_stops(time: Time, first: Process, other: Process) -> None:
    """It neither works nor renews nor releases what the other one took meanwhile."""
    assert first.takes()
    frozen = first.held
    assert frozen is not None
    assert not other.takes()
    time.seconds += 600
    assert other.takes()
    assert not frozen.is_held()
    assert not first.keeps()
    frozen.release()
    assert other.keeps()
    assert not first.takes()


def test_a_frozen_holder_stops_although_nobody_took_its_lease(time: Time, first: Process) -> None:
    """It cannot know; what it releases is free immediately."""
    assert first.takes()
    frozen = first.held
    assert frozen is not None
    time.seconds += 600
    assert not first.keeps()
    frozen.release()
    assert first.takes()


def test_a_holder_stops_at_two_thirds(time: Time, first: Process, table: FakeTable) -> None:
    """Counted from before its last write: here storage fails, so that it cannot renew."""
    assert first.takes()
    assert first.held is not None
    table.failing = 1_000
    time.seconds += 199
    assert first.keeps()
    time.seconds += 1
    assert not first.keeps()
    table.failing = 0
    assert not first.keeps()


def test_the_time_counts_from_before_the_write(time: Time, first: Process, table: FakeTable) -> None:
    """Each call of storage takes twenty seconds."""

    def slow() -> None:
        time.seconds += 20

    table.before = slow
    assert first.takes()
    assert first.held is not None
    assert first.held.age() == 20
    time.seconds += 60
    assert first.keeps()
    assert first.held.age() == 20


def test_a_lease_is_renewed_every_minute(time: Time, first: Process, table: FakeTable) -> None:
    """However often the work asks; earlier versions read from the row until when they leave it alone."""
    assert first.takes()
    etags = []
    for _ in range(61):
        [row] = table.rows.values()
        etags.append(row.etag)
        time.seconds += 5
        assert first.keeps()
    assert len(set(etags)) == 6
    [row] = table.rows.values()
    assert datetime.fromisoformat(row["until"]) == NOW + timedelta(seconds=300) + LENGTH


@pytest.mark.parametrize("name", NAMES)
def test_a_released_lease_is_free_immediately(first: Process, other: Process, table: FakeTable, name: str) -> None:
    """It leaves no row; also for one that has waited for it."""
    for _ in range(2):
        assert first.takes(name)
        assert not other.takes(name)
        assert first.held is not None
        first.held.release()
        assert not first.held.is_held()
        assert table.rows == {}
        assert other.takes(name)
        assert other.held is not None
        other.held.release()


def test_a_renewal_restarts_the_observation(time: Time, first: Process, other: Process) -> None:
    """The holder lived until then."""
    assert first.takes()
    before = other.seen()
    time.seconds += 199
    assert first.keeps()
    time.seconds += FREE_AFTER - 199
    after = other.seen()
    assert (after.etag == before.etag, after.wait) == (False, FREE_AFTER)


def test_a_message_that_was_hidden_is_an_observation(table: FakeTable, time: Time, first: Process) -> None:
    """Another process reads it, which has never seen the lease. An etag that has changed since is none."""
    assert first.takes()
    etag = Process(table, time).seen().etag
    time.seconds += FREE_AFTER
    assert not Process(table, time).takes(waited_for="")
    assert Process(table, time).takes(waited_for=etag)
    assert not Process(table, time).takes(waited_for=etag)


def test_the_length_is_the_callers(time: Time, first: Process, other: Process) -> None:
    """A lock of two minutes ends after 80 seconds for its holder, and after 130 for the others."""
    two = 2 * MINUTES
    assert first.takes(length=two)
    assert first.held is not None
    assert not other.takes(length=two)
    time.seconds += 79.5
    assert first.held.is_held()
    time.seconds += 0.5
    assert not first.held.is_held()
    time.seconds += 49.5
    assert not other.takes(length=two)
    time.seconds += 0.5
    assert other.takes(length=two)


def test_the_real_clock_only_grows() -> None:
    """By the second."""
    began = running_seconds()
    assert 0 <= running_seconds() - began < 60
