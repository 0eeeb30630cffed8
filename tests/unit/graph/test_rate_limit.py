"""The rate limit of calls to Graph."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.graph.rate_limit import LISTS, LONGEST_WAIT, READS, WRITES, RateLimiter


class Clock:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.time += timedelta(seconds=seconds)


@pytest.mark.parametrize(("limit", "graphs"), [(WRITES, 500), (READS, 500), (LISTS, 25)])
def test_the_rate_stays_below_graphs_limit(limit: tuple[int, float, int], graphs: int) -> None:
    """No window of 20 seconds has more calls than Graph allows, and the rate is close to the limit."""
    clock = Clock()
    limiter, moments = RateLimiter(*limit, clock.now, clock.sleep), []
    for _ in range(graphs * 4):
        limiter.wait()
        moments.append(clock.time)
    for first, last in zip(moments, moments[graphs:], strict=False):
        assert last - first > timedelta(seconds=20)
    assert (moments[-1] - moments[0]).total_seconds() < 4 * 20 * 1.4


def test_a_short_burst_does_not_wait() -> None:
    """The first calls, up to the burst, have no delay."""
    clock = Clock()
    began, limiter = clock.time, RateLimiter(10, 20.0, 3, clock.now, clock.sleep)
    waits = []
    for _ in range(4):
        limiter.wait()
        waits.append((clock.time - began).total_seconds())
    assert waits == [0, 0, 0, 2]


def test_idle_time_does_not_increase_the_burst() -> None:
    """After an hour without calls the burst has its usual size."""
    clock = Clock()
    limiter = RateLimiter(10, 20.0, 1, clock.now, clock.sleep)
    clock.sleep(3600)
    began = clock.time
    for _ in range(3):
        limiter.wait()
    assert (clock.time - began).total_seconds() == 4


def test_a_pause_delays_all_calls() -> None:
    """Graph returned 429 with Retry-After: 7."""
    clock = Clock()
    began, limiter = clock.time, RateLimiter(10, 20.0, 5, clock.now, clock.sleep)
    limiter.pause(7)
    limiter.wait()
    assert (clock.time - began).total_seconds() == 7


def test_a_wait_beyond_the_limit_is_an_error_that_takes_no_place() -> None:
    """Callers that come back after the pause find it free."""
    clock = Clock()
    began, limiter = clock.time, RateLimiter(10, 10.0, 1, clock.now, clock.sleep)
    limiter.pause(LONGEST_WAIT + 1)
    for _ in range(100):
        with pytest.raises(GraphUnavailable) as caught:
            limiter.wait()
        assert (caught.value.status, caught.value.retry_after, caught.value.is_rate) == (429, LONGEST_WAIT + 1, True)
    clock.sleep(1)
    limiter.wait()
    assert (clock.time - began).total_seconds() == LONGEST_WAIT + 1


@pytest.mark.parametrize("jump", [timedelta(minutes=10), timedelta(days=5), -timedelta(minutes=10), -timedelta(days=5)])
def test_a_clock_that_jumps_holds_nobody_back(jump: timedelta) -> None:
    """Neither in time that has passed nor in time to come: the space between two calls stays."""
    clock = Clock()
    limiter = RateLimiter(10, 10.0, 1, clock.now, clock.sleep)
    limiter.wait()
    clock.time += jump
    began = clock.time
    for _ in range(3):
        limiter.wait()
    assert (clock.time - began).total_seconds() == (3 if jump < timedelta() else 2)


def test_a_clock_that_is_set_back_does_not_end_a_pause() -> None:
    """The rest of the pause is waited."""
    clock = Clock()
    limiter = RateLimiter(10, 10.0, 1, clock.now, clock.sleep)
    limiter.pause(30)
    clock.time -= timedelta(hours=1)
    began = clock.time
    limiter.wait()
    assert (clock.time - began).total_seconds() == 30
