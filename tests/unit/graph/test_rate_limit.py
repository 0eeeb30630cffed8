"""Claims about the pace of calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.rate_limit import LISTS, WRITES, RateLimiter


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


@pytest.mark.parametrize(("limit", "graphs"), [(WRITES, 500), (LISTS, 25)])
def test_the_pace_stays_under_graphs_limit(limit: tuple[int, float, int], graphs: int) -> None:
    """However long it goes on, no 20 seconds hold more calls than Graph allows, and it is no slower than it must be."""
    clock = Clock()
    limiter, moments = RateLimiter(*limit, clock.now, clock.sleep), []
    for _ in range(graphs * 4):
        limiter.wait()
        moments.append(clock.time)
    for first, last in zip(moments, moments[graphs:], strict=False):
        assert last - first > timedelta(seconds=20)
    assert (moments[-1] - moments[0]).total_seconds() < 4 * 20 * 1.4


def test_the_first_few_wait_for_nothing() -> None:
    """A short list costs no time."""
    clock = Clock()
    began, limiter = clock.time, RateLimiter(10, 20.0, 3, clock.now, clock.sleep)
    waits = []
    for _ in range(4):
        limiter.wait()
        waits.append((clock.time - began).total_seconds())
    assert waits == [0, 0, 0, 2]


def test_a_rest_is_not_saved_up() -> None:
    """After an hour of silence the burst is as small as ever."""
    clock = Clock()
    limiter = RateLimiter(10, 20.0, 1, clock.now, clock.sleep)
    clock.sleep(3600)
    began = clock.time
    for _ in range(3):
        limiter.wait()
    assert (clock.time - began).total_seconds() == 4


def test_a_hold_stops_everybody() -> None:
    """Graph said 429 with Retry-After: 7."""
    clock = Clock()
    began, limiter = clock.time, RateLimiter(10, 20.0, 5, clock.now, clock.sleep)
    limiter.pause(7)
    limiter.wait()
    assert (clock.time - began).total_seconds() == 7
