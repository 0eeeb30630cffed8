"""Reading schedules: the request, its retry, and the match of schedules to mailboxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses

from shared.errors import GraphUnavailable
from shared.graph.client import GraphClient, graph_session
from shared.graph.schedules import Schedules

BASE = "https://graph.microsoft.com/v1.0"
START = datetime(2026, 12, 1, 8, tzinfo=UTC)
URL = f"{BASE}/users/ida@contoso.com/calendar/getSchedule"


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    """Mock all requests; no call leaves the process."""
    responses.start()
    yield
    responses.stop(allow_assert=False)
    responses.reset()


def schedules_of(*mailboxes: str, hours: float = 30) -> list[dict[str, Any]]:
    """Request schedules with the real client."""
    client = GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE))
    return Schedules(client).of(mailboxes or ("ida@contoso.com",), START, START + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("hours", "end"),
    [(30, "2026-12-03T08:00:00"), (48, "2026-12-03T08:00:00"), (744, "2027-01-01T08:00:00"),
     (0.01, "2026-12-02T08:00:00")],
)  # fmt: skip
def test_whole_days_are_requested_from_the_first_mailbox(hours: float, end: str) -> None:
    """Times are in UTC; Graph rejects a window shorter than the interval, and part of one may show what follows."""
    responses.post(URL, json={"value": []})
    schedules_of("ida@contoso.com", "room1@contoso.com", hours=hours)
    request = responses.calls[0].request
    assert json.loads(request.body or "") == {
        "Schedules": ["ida@contoso.com", "room1@contoso.com"], "AvailabilityViewInterval": 1440,
        "StartTime": {"dateTime": "2026-12-01T08:00:00", "timeZone": "UTC"},
        "EndTime": {"dateTime": end, "timeZone": "UTC"},
    }  # fmt: skip
    assert request.headers["Prefer"] == 'outlook.timezone="UTC"'


def test_schedules_are_matched_to_mailboxes_in_any_order() -> None:
    """Case is ignored; a mailbox without a schedule gets an empty one."""
    schedules = [{"scheduleId": "JON@contoso.com"}, None, {"scheduleId": "ida@contoso.com"}]
    responses.post(URL, json={"value": schedules})
    matched = schedules_of("ida@contoso.com", "no@contoso.com", "jon@contoso.com")
    assert [schedule.get("scheduleId") for schedule in matched] == ["ida@contoso.com", None, "JON@contoso.com"]


def test_a_failed_request_is_repeated_once() -> None:
    """It is a read; with a Retry-After from Graph the caller gets the error instead."""
    responses.post(URL, status=500)
    responses.post(URL, json={"value": [{"scheduleId": "ida@contoso.com"}]})
    assert schedules_of() == [{"scheduleId": "ida@contoso.com"}]
    responses.reset()
    responses.post(URL, status=429, headers={"Retry-After": "7"})
    with pytest.raises(GraphUnavailable) as caught:
        schedules_of()
    assert (caught.value.retry_after, len(responses.calls)) == (7, 1)
