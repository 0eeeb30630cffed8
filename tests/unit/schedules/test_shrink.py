"""Claims about delta debugging."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.schedules.shrink import shortest


@given(needed=st.sets(st.integers(0, 40), max_size=4))
def test_exactly_the_needed_parts_are_left(needed: set[int]) -> None:
    """In their order, whatever surrounds them."""

    def fails(parts: Sequence[int]) -> bool:
        return needed <= set(parts)

    assert shortest(range(41), fails, tries=10_000) == sorted(needed)


def test_tries_are_bounded() -> None:
    """What is left then still fails."""
    calls: list[int] = []

    def fails(parts: Sequence[int]) -> bool:
        calls.append(len(parts))
        return {3, 90} <= set(parts)

    left = shortest(range(100), fails, tries=5)
    assert len(calls) <= 5
    assert {3, 90} <= set(left)
