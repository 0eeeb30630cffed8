"""Retry-After as servers really send it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.http.retry_after import seconds_of

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), ("120", 120.0), ("1.5", 1.5), (" 7 ", 7.0), ("1e3", 1000.0), ("1000000000", 1e9),
        ("Fri, 20 Nov 2026 10:02:00 GMT", 120.0), ("Fri, 20 Nov 2026 12:02:00 +0200", 120.0),
        ("Fri, 20 Nov 2026 10:02:00 -0000", 120.0), ("Friday, 20-Nov-26 10:02:00 GMT", 120.0),
    ],
)  # fmt: skip
def test_numbers_and_dates_are_read(value: str, seconds: float) -> None:
    """Whole seconds, Graph's fractions and dates in any zone are accepted."""
    assert seconds_of(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "-1", "-0.5", "nan", "inf", "-inf", "1e999", "soon", "0x10", "1,5", "1;2", "ø",
     "Fri, 20 Nov 2026 09:59:59 GMT", "Thu, 99 Oct 2026 10:00:00 GMT", "Fri, 20 Nov 2026", "12/31/9999", "\x00"],
)  # fmt: skip
def test_an_invalid_value_is_ignored(value: str | None) -> None:
    """Negative, past, infinite or malformed values count as no header."""
    assert seconds_of(value, NOW) is None


@pytest.mark.parametrize("value", ["Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 99999999999 Oct 2026 07:28:00 GMT"])
def test_an_impossible_date_is_ignored(value: str) -> None:
    """A header never raises."""
    assert seconds_of(value, NOW) is None
