"""Claims about the delays between tries."""

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


def test_delays_grow_and_the_last_one_repeats() -> None:
    """From seconds to half a day, for ever."""
    delays = [delay_after(attempt, spread=0) for attempt in range(50)]
    assert delays[: len(DELAYS)] == list(DELAYS) == sorted(DELAYS)
    assert set(delays[len(DELAYS) :]) == {DELAYS[-1]}


def test_the_tries_are_spread_over_seven_days() -> None:
    """0, 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, then every 12 hours; twenty-one in all."""
    hours = [seconds / 3600 for seconds in ATTEMPT_OFFSETS]
    assert ATTEMPT_OFFSETS[:5] == (0, 5, 60, 300, 1_800)
    assert hours[5:] == [2, 5, 10, *(10 + 12 * number for number in range(1, 14))]
    assert 7 * 24 - 12 < hours[-1] <= 7 * 24


def test_the_last_try_is_known() -> None:
    """Only the one after which seven days have passed."""
    assert [attempt for attempt in range(-1, 21) if is_exhausted(attempt)] == [len(ATTEMPT_OFFSETS) - 1] == [20]
    assert is_exhausted(10**9)


@pytest.mark.parametrize(("spread", "factor"), [(-1, 1 - JITTER), (1, 1 + JITTER)])
def test_delays_are_spread_by_a_fifth(spread: float, factor: float) -> None:
    """So that many changes do not return at once."""
    assert delay_after(2, spread=spread) == pytest.approx(240 * factor)


def test_the_spread_is_random() -> None:
    """Two tries in a hundred fall on the same moment at most by chance."""
    delays = {delay_after(3) for _ in range(100)}
    assert len(delays) > 90
    assert all(1_500 * (1 - JITTER) <= delay <= 1_500 * (1 + JITTER) for delay in delays)


@pytest.mark.parametrize(
    ("attempt", "wish", "delay"),
    [(0, 30, 30), (0, 1, 5), (2, 30, 240), (0, 1e9, MAX_RETRY_AFTER), (0, None, 5), (0, 0, 5), (7, 1e9, 43_200)],
)
def test_a_wish_only_lengthens_and_only_up_to_an_hour(attempt: int, wish: float | None, delay: float) -> None:
    """A server may ask for patience but not for a month."""
    assert delay_after(attempt, wish, spread=0) == delay


@pytest.mark.parametrize(("attempt", "delay"), [(-5, 5), (10**9, 43_200)])
def test_an_odd_attempt_is_no_crash(attempt: int, delay: float) -> None:
    """Whatever a message says."""
    assert delay_after(attempt, spread=0) == delay
