"""The delays between attempts."""

from __future__ import annotations

import pytest

from shared.reliability.retry_schedule import (
    ATTEMPT_OFFSETS,
    DELAYS,
    JITTER,
    MAX_RETRY_AFTER,
    delay_after,
    is_exhausted,
)


def test_delays_grow_and_the_last_repeats() -> None:
    """They grow from seconds to half a day."""
    delays = [delay_after(attempt, spread=0) for attempt in range(50)]
    assert delays[: len(DELAYS)] == list(DELAYS) == sorted(DELAYS)
    assert set(delays[len(DELAYS) :]) == {DELAYS[-1]}


def test_the_attempts_are_spread_over_seven_days() -> None:
    """0, 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, then every 12 hours; twenty-one in all."""
    hours = [seconds / 3600 for seconds in ATTEMPT_OFFSETS]
    assert ATTEMPT_OFFSETS[:5] == (0, 5, 60, 300, 1_800)
    assert hours[5:] == [2, 5, 10, *(10 + 12 * number for number in range(1, 14))]
    assert 7 * 24 - 12 < hours[-1] <= 7 * 24


def test_the_last_attempt_is_exhausted() -> None:
    """Only the attempt after which seven days have passed is the last."""
    assert [attempt for attempt in range(-1, 21) if is_exhausted(attempt)] == [len(ATTEMPT_OFFSETS) - 1] == [20]
    assert is_exhausted(10**9)


@pytest.mark.parametrize(("spread", "factor"), [(-1, 1 - JITTER), (1, 1 + JITTER)])
def test_delays_are_spread_by_a_fifth(spread: float, factor: float) -> None:
    """Otherwise many changes would be retried at the same moment."""
    assert delay_after(2, spread=spread) == pytest.approx(240 * factor)


def test_the_spread_is_random() -> None:
    """At most two of a hundred attempts coincide by chance."""
    delays = {delay_after(3) for _ in range(100)}
    assert len(delays) > 90
    assert all(1_500 * (1 - JITTER) <= delay <= 1_500 * (1 + JITTER) for delay in delays)


@pytest.mark.parametrize(
    ("attempt", "retry_after", "delay"),
    [(0, 30, 30), (0, 1, 5), (2, 30, 240), (0, 80_000, 80_000), (0, 1e9, MAX_RETRY_AFTER), (0, None, 5), (0, 0, 5),
     (7, 30_000, 43_200), (7, 1e9, 86_400)],
)  # fmt: skip
def test_retry_after_only_lengthens_a_delay_up_to_a_day(attempt: int, retry_after: float | None, delay: float) -> None:
    """A server may ask for patience, but not for a month."""
    assert delay_after(attempt, retry_after, spread=0) == delay


@pytest.mark.parametrize(("attempt", "delay"), [(-5, 5), (10**9, 43_200)])
def test_an_invalid_attempt_number_raises_nothing(attempt: int, delay: float) -> None:
    """A message may hold any number."""
    assert delay_after(attempt, spread=0) == delay
