"""Parsing of Microsoft Bookings objects: the old and the new form in Graph's reference pages, and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.bookings.client import BookingsClient
from shared.graph.bookings.durations import parse_duration
from shared.graph.bookings.parse import appointment_of, business_of, policy_of, service_of, spans_of
from shared.graph.client import GraphClient, graph_session
from tests.support.world import World

BASE = "https://graph.microsoft.com/v1.0"
PACIFIC = ZoneInfo("America/Los_Angeles")
NEW = {"startDateTime": {"dateTime": "2018-05-01T12:00:00.0000000Z", "timeZone": "UTC"},
       "endDateTime": {"dateTime": "2018-05-01T12:30:00.0000000+00:00", "timeZone": "UTC"}}  # fmt: skip
OLD = {"start": NEW["startDateTime"], "end": NEW["endDateTime"]}


@pytest.mark.parametrize("times", [NEW, OLD])
def test_an_appointment_has_its_times_under_either_name(times: dict[str, Any]) -> None:
    """Graph's pages on creating and on listing appointments show different names, and an offset beside the zone."""
    customers = [{"emailAddress": "Jordan@Contoso.com"}, {"name": "Adele ", "emailAddress": None}]
    read = appointment_of({"id": "a", "customers": customers, "staffMemberIds": [], **times})
    assert (read.start, read.end) == (datetime(2018, 5, 1, 12, tzinfo=UTC), datetime(2018, 5, 1, 12, 30, tzinfo=UTC))
    assert (read.customers, read.count) == (frozenset({"jordan@contoso.com", "adele"}), 2)


def test_availability_is_read_as_the_page_shows_it() -> None:
    """The collection has the name of its type, statuses have capitals, and zones have display names."""
    display_name = "(UTC-08:00) Pacific Time (US & Canada)"
    item = {"status": "OutOfOffice", "startDateTime": {"dateTime": "2022-01-24T08:00:00", "timeZone": display_name},
            "endDateTime": {"dateTime": "2022-07-24T08:00:00", "timeZone": display_name}, "serviceId": ""}  # fmt: skip
    response = {"staffAvailabilityItem": [{"staffId": "s", "availabilityItems": [item]}]}
    (span,) = spans_of(response, PACIFIC)["s"]
    assert span.status == "outOfOffice"
    assert (span.start, span.end) == (datetime(2022, 1, 24, 16, tzinfo=UTC), datetime(2022, 7, 24, 15, tzinfo=UTC))


@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/Oslo")])
def test_an_unknown_zone_is_an_error(zone: Any) -> None:
    """A missing availability is better than a wrong one."""
    at = {"dateTime": "2022-01-24T08:00:00", "timeZone": "(UTC-08:00) Pacific Time (US & Canada)"}
    item = {"status": "available", "startDateTime": at, "endDateTime": at}
    with pytest.raises(GraphUnavailable, match="UnreadableZone"):
        spans_of({"value": [{"staffId": "s", "availabilityItems": [item]}]}, zone)


def test_hours_end_with_the_day() -> None:
    """An end at midnight or a second before it is the end of the day; days without slots are closed."""
    slots = [{"startTime": "08:00:00.0000000", "endTime": "00:00:00.0000000"}]
    late = [{"startTime": "20:00:00.0000000", "endTime": "23:59:59.9999999"}]
    raw = {"id": "b", "businessHours": [{"day": "monday", "timeSlots": slots}, {"day": "sunday", "timeSlots": []},
                                        {"day": "friday", "timeSlots": late}],
           "bookingPageSettings": {"businessTimeZone": "Pacific Standard Time"}}  # fmt: skip
    business, day = business_of(raw), timedelta(days=1)
    assert business.hours == ((0, timedelta(hours=8), day), (4, timedelta(hours=20), day))
    assert business.zone == PACIFIC


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1H30M", timedelta(minutes=90)),
        ("P10D", timedelta(days=10)),
        ("PT0S", timedelta()),
        ("P11D23H59M59.999999999999S", timedelta(days=11, hours=23, minutes=59, seconds=59.999999999999)),
        ("PT", None),
        ("P", None),
        ("", None),
        (None, None),
        ("10 minutes", None),
        (30, None),
        ("-PT5M", None),
    ],
)
def test_durations_are_read(text: Any, length: timedelta | None) -> None:
    """Both forms in Graph's pages are read; anything else is None."""
    assert parse_duration(text) == length


@pytest.mark.parametrize("raw", [{}, {"id": ""}, {"id": 1}, {"id": "x"}, {"id": "x", "defaultDuration": "soon"},
                                 {"id": "x", "defaultDuration": "PT0S"}])  # fmt: skip
def test_an_unreadable_service_is_an_error_of_graph(raw: dict[str, Any]) -> None:
    """The error names the property and no value."""
    with pytest.raises(GraphUnavailable) as caught:
        service_of(raw)
    assert "soon" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        {"id": "a"},
        {"id": "a", "startDateTime": "x"},
        {"id": "a", "startDateTime": {"dateTime": "x", "timeZone": "UTC"}},
        {"id": "a", "startDateTime": {"timeZone": "UTC"}},
        {"id": "a", "startDateTime": {"dateTime": "2018-05-01T12:00:00", "timeZone": "Nowhere"}},
        {"id": "a", "startDateTime": {"dateTime": "0001-01-01T00:00:00", "timeZone": "Europe/Oslo"}},
        {"id": "a", "startDateTime": {"dateTime": "9999-12-31T23:59:59", "timeZone": "Pacific Standard Time"}},
    ],
)
def test_an_unreadable_time_is_an_error_of_graph(raw: dict[str, Any]) -> None:
    """The error is a GraphUnavailable and no other exception."""
    with pytest.raises(GraphUnavailable):
        appointment_of(raw)


def test_missing_parts_of_a_policy_are_none() -> None:
    """For these the policy of the business applies."""
    assert policy_of(None) == policy_of({}) == policy_of({"minimumLeadTime": None})
    custom = {"availabilityType": "notBookable", "startDate": "2026-12-24", "endDate": "2026-12-26"}
    (window,) = policy_of({"customAvailabilities": [custom]}).custom
    assert (window.kind, str(window.first), str(window.last)) == ("notBookable", "2026-12-24", "2026-12-26")


@pytest.mark.parametrize("kind", ["notBookable", "NotBookable", "NOTBOOKABLE"])
def test_a_day_that_cannot_be_booked_is_recognized_in_any_letters(kind: str) -> None:
    """A value that this version does not know stays as it is."""
    (window, other) = policy_of(
        {"customAvailabilities": [{"availabilityType": kind}, {"availabilityType": "New"}]}
    ).custom
    assert (window.kind, other.kind) == ("notBookable", "New")


@pytest.mark.parametrize(
    "text",
    [
        "..",
        ".",
        "../../users",
        "a/../b",
        "x?y=z",
        "x#y",
        "a b",
        "%2e%2e",
        "a%2Fb",
        "a\\b",
        "A/cancel",
        "A/CANCEL",
        "A/",
        "/A",
        "A//B",
        "A.B",
        "A" * 1025,
        "",
    ],
)
def test_no_id_leads_to_another_resource(text: str) -> None:
    """An id is a single segment of the path, or it is rejected."""
    graph = GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE))
    bookings = BookingsClient(graph, World().mailbox_limits.of)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        for read in (lambda: bookings.appointment("x@contoso.com", text), lambda: bookings.business(text)):
            with pytest.raises((GraphRejected, GraphUnavailable)):
                read()
        for call in network.calls:
            steps = str(call.request.url).removeprefix(BASE).partition("?")[0].split("/")
            assert steps[1:3] == ["solutions", "bookingBusinesses"]
            assert len(steps) in (4, 6)


@pytest.mark.parametrize(
    ("parser", "raw"),
    [
        (business_of, {"id": "a", "bookingPageSettings": "x"}),
        (business_of, {"id": "a", "schedulingPolicy": {"customAvailabilities": 3}}),
        (business_of, {"id": "a", "businessHours": [None]}),
        (business_of, {"id": "a", "businessHours": [{"day": "monday", "timeSlots": [None]}]}),
        (appointment_of, {"id": "a", **NEW, "serviceLocation": "x"}),
        (appointment_of, {"id": "a", **NEW, "customers": 5}),
        (lambda raw: spans_of(raw, None), {"value": [None]}),
        (lambda raw: spans_of(raw, None), {"value": [{"staffId": "a", "availabilityItems": [None]}]}),
    ],
)
def test_a_value_of_another_type_is_an_error_of_graph(parser: Callable[[Any], Any], raw: dict[str, Any]) -> None:
    """A caller is asked to try again, and gets no 500."""
    with pytest.raises(GraphUnavailable):
        parser(raw)
