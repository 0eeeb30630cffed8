"""Compare stored moments with the present. Pure.

A moment that was the present when an instance stored it cannot lie far ahead, unless that instance's clock was wrong.
Nothing waits for such a moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LARGEST_SKEW = timedelta(minutes=10)  # between two instances, of which each is off by five minutes at most


def is_impossible(moment: datetime, now: datetime) -> bool:
    """Return whether a moment that was the present when it was stored is so far ahead that a wrong clock wrote it."""
    return moment - now > LARGEST_SKEW


def has_passed(length: timedelta, since: datetime, now: datetime) -> bool:
    """Return whether a length of time has passed since a stored moment, or a wrong clock wrote that moment."""
    return now - since >= length or is_impossible(since, now)
