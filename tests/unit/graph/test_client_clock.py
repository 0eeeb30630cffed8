"""The difference between Graph's clock and this one, from the header Date of responses."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import responses

from shared.errors import GraphError
from shared.graph.client import GraphClient, graph_session

BASE = "https://graph.microsoft.com/v1.0"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def skew_after(
    *dates: datetime | str | None, status: int = 200, took: float = 0.0, request_id: str = "r"
) -> float | None:
    """Return the seconds of `clock_skew` after calls whose responses have these headers Date; None for none."""
    times = [NOW + timedelta(seconds=took * number) for number in range(2 * len(dates))]
    graph = GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE), lambda: times.pop(0))
    assert graph.clock_skew is None
    for date in dates:
        text = format_datetime(date, usegmt=True) if isinstance(date, datetime) else date
        headers = {"request-id": request_id} | ({"Date": text} if text is not None else {})
        with responses.RequestsMock() as mock:
            mock.post(f"{BASE}/x", json={}, status=status, headers=headers)
            with suppress(GraphError):
                graph.call("POST", "/x")
    return None if graph.clock_skew is None else graph.clock_skew.total_seconds()


@pytest.mark.parametrize("seconds", [0, 1, 61, 600, -1, -301, 5 * 86_400, -5 * 86_400])
def test_the_skew_is_graphs_time_less_ours(seconds: int) -> None:
    """It is positive if this clock is slow."""
    assert skew_after(NOW + timedelta(seconds=seconds)) == seconds


def test_the_last_response_counts() -> None:
    """A clock that was set right is noticed at the next call."""
    assert skew_after(NOW + timedelta(hours=1), NOW + timedelta(seconds=7)) == 7


@pytest.mark.parametrize(("date", "skew"), [(0, 0), (20, 0), (40, 0), (0.9, 0), (-1, -1), (60, 20), (-600, -600)])
def test_any_time_within_the_call_is_no_skew(date: float, skew: int) -> None:
    """Graph may set Date when a slow call begins or ends; Date has no fractions."""
    assert skew_after(NOW + timedelta(seconds=date), took=40) == skew


@pytest.mark.parametrize("status", [400, 404, 503])
def test_errors_contain_the_time_as_well(status: int) -> None:
    """During an outage the clock is still compared."""
    assert skew_after(NOW + timedelta(seconds=90), status=status) == 90


@pytest.mark.parametrize("date", [None, "", "soon", "Fri, 20 Nov 99999999999 10:00:00 GMT"])
def test_a_response_without_a_date_changes_nothing(date: str | None) -> None:
    """The skew of the response before stays."""
    assert skew_after(NOW + timedelta(seconds=90), date) == 90


def test_the_clock_of_a_proxy_does_not_count() -> None:
    """Only Graph's own responses have a request-id."""
    assert skew_after(NOW + timedelta(hours=1), request_id="") is None
