"""Delta debugging: the fewest of some parts for which a run still fails.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), reduced to complements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")


def shortest(parts: Sequence[Part], fails: Callable[[Sequence[Part]], bool], tries: int = 400) -> list[Part]:
    """Return a smaller list of parts for which `fails` still holds; none can be left out, unless `tries` ran out."""
    left, pieces = list(parts), 2
    while left and tries > 0:
        size = max(1, -(-len(left) // pieces))
        for first in range(0, len(left), size):
            if tries <= 0:
                return left
            tries -= 1
            without = left[:first] + left[first + size :]
            if fails(without):
                left, pieces = without, max(2, pieces - 1)
                break
        else:
            if size == 1:
                return left
            pieces = min(len(left), pieces * 2)
    return left
