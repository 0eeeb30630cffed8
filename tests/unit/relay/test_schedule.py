"""Claims about the delays between tries."""

from __future__ import annotations

import pytest

from shared.relay.schedule import DELAYS, JITTER, LONGEST_WISH, delay_after


def test_delays_grow_and_the_last_one_repeats() -> None:
    """From seconds to half a day, for ever."""
    delays = [delay_after(attempt, spread=0) for attempt in range(50)]
    assert delays[: len(DELAYS)] == list(DELAYS) == sorted(DELAYS)
    assert set(delays[len(DELAYS) :]) == {DELAYS[-1]}


def test_the_schedule_spans_a_long_weekend() -> None:
    """Standard Webhooks asks for tries over three days: four of the last delay and all others reach it."""
    assert sum(DELAYS) + 4 * DELAYS[-1] > 72 * 3600
    assert DELAYS[0] <= 10


@pytest.mark.parametrize(("spread", "factor"), [(-1, 1 - JITTER), (1, 1 + JITTER)])
def test_delays_are_spread_by_a_fifth(spread: float, factor: float) -> None:
    """So that many changes do not return at once."""
    assert delay_after(2, spread=spread) == pytest.approx(300 * factor)


def test_the_spread_is_random() -> None:
    """Two tries in a hundred fall on the same moment at most by chance."""
    delays = {delay_after(3) for _ in range(100)}
    assert len(delays) > 90
    assert all(1_800 * (1 - JITTER) <= delay <= 1_800 * (1 + JITTER) for delay in delays)


@pytest.mark.parametrize(
    ("attempt", "wish", "delay"),
    [(0, 30, 30), (0, 1, 5), (2, 30, 300), (0, 1e9, LONGEST_WISH), (0, None, 5), (0, 0, 5), (7, 1e9, 43_200)],
)
def test_a_wish_only_lengthens_and_only_up_to_an_hour(attempt: int, wish: float | None, delay: float) -> None:
    """A server may ask for patience but not for a month."""
    assert delay_after(attempt, wish, spread=0) == delay


@pytest.mark.parametrize(("attempt", "delay"), [(-5, 5), (10**9, 43_200)])
def test_an_odd_attempt_is_no_crash(attempt: int, delay: float) -> None:
    """Whatever a message says."""
    assert delay_after(attempt, spread=0) == delay
