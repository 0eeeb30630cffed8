"""Calendar views and series."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.graph_world import IMMUTABLE, ROOM, World, fits, refusal

pytestmark = pytest.mark.server

OSLO = "Europe/Oslo"
MONTH = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z"
VIEW = f"/users/{ROOM}/calendarView"


@pytest.fixture
def series(world: World) -> dict[str, Any]:
    """Return a series: Mondays at nine in Oslo, from 12 October 2026, five times, over the change of the clocks."""
    return world.book(
        start={"dateTime": "2026-10-12T09:00", "timeZone": OSLO},
        rrule="FREQ=WEEKLY;COUNT=5",
        end={"dateTime": "2026-10-12T10:00", "timeZone": OSLO},
        subject="Weekly",
    )


def _starts(events: list[dict[str, Any]]) -> list[str]:
    """Return the events' starts to the minute."""
    return [event["start"]["dateTime"][:16] for event in events]


def _instances(world: World, series: dict[str, Any], query: str = MONTH, **headers: str) -> list[dict[str, Any]]:
    """Return a page of a series' instances."""
    return list(world.get(f"/users/{ROOM}/events/{series['id']}/instances?{query}", **headers)["value"])


def test_the_list_has_masters_and_the_view_occurrences(world: World, series: dict[str, Any]) -> None:
    """GET /events has the series master, calendarView its occurrences; each fits Graph's type."""
    listed = world.get(f"/users/{ROOM}/events")["value"]
    assert [(event["id"], event["type"]) for event in listed] == [(series["id"], "seriesMaster")]
    view = world.get(f"{VIEW}?{MONTH}")["value"]
    assert {(event["type"], event["seriesMasterId"]) for event in view} == {("occurrence", series["id"])}
    assert all(fits("event", event) for event in (*listed, *view))
    assert len({event["id"] for event in view}) == len(view) == 3


def test_a_series_keeps_its_hour_through_daylight_saving(world: World, series: dict[str, Any]) -> None:
    """Nine in Oslo is seven UTC in summer and eight in winter."""
    assert _starts(_instances(world, series)) == ["2026-10-12T07:00", "2026-10-19T07:00", "2026-10-26T08:00"]


def test_a_masters_recurrence_is_graphs(world: World, series: dict[str, Any]) -> None:
    """The RRULE comes back as a patternedRecurrence."""
    recurrence = world.get(f"/users/{ROOM}/events/{series['id']}")["recurrence"]
    assert recurrence["pattern"] | {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]} == recurrence["pattern"]
    assert (
        recurrence["range"]
        | {"type": "numbered", "numberOfOccurrences": 5, "startDate": "2026-10-12", "recurrenceTimeZone": OSLO}
        == recurrence["range"]
    )


def test_occurrences_are_read_by_both_ids(world: World, series: dict[str, Any]) -> None:
    """An occurrence's ids stay the same at every expansion, and name their series master in the same form."""
    plain, immutable = _instances(world, series), _instances(world, series, **IMMUTABLE)
    assert [one["id"] for one in plain] == [one["id"] for one in _instances(world, series)]
    assert immutable[0]["seriesMasterId"] == series["immutableId"]
    for event_id in (plain[1]["id"], immutable[1]["id"]):
        found = world.get(f"/users/{ROOM}/events/{event_id}")
        assert (found["id"], found["originalStart"]) == (plain[1]["id"], "2026-10-19T07:00:00.0000000Z")


def test_a_moved_occurrence_becomes_an_exception(world: World, series: dict[str, Any]) -> None:
    """It keeps its ids and original start, the others stay, and the notification is about the series master."""
    world.subscribe(changeType="updated")
    second = _instances(world, series)[1]
    world.control(
        "PATCH", f"/calendars/{ROOM}/events/{second['id']}", {"start": "2026-10-20T12:00:00Z", "subject": "Moved"}
    )
    after = _instances(world, series)
    assert _starts(after) == ["2026-10-12T07:00", "2026-10-20T12:00", "2026-10-26T08:00"]
    moved = after[1]
    assert (moved["id"], moved["type"], moved["subject"]) == (second["id"], "exception", "Moved")
    assert moved["originalStart"] == "2026-10-19T07:00:00.0000000Z"
    assert moved["end"]["dateTime"] == "2026-10-20T13:00:00.0000000"
    world.flush()
    (item,) = world.receiver.items
    assert (item["changeType"], item["resourceData"]["id"]) == ("updated", series["id"])
    master = world.get(f"/users/{ROOM}/events/{series['id']}")
    assert series["@odata.etag"] != master["@odata.etag"] == item["resourceData"]["@odata.etag"]


def test_a_cancelled_occurrence_stays_and_a_deleted_occurrence_goes(world: World, series: dict[str, Any]) -> None:
    """Rooms keep cancelled events; a deleted occurrence is 404 by either id, and the series was updated."""
    first, second, _ = _instances(world, series)
    world.subscribe()
    world.control("POST", f"/calendars/{ROOM}/events/{first['id']}/cancel")
    world.control("DELETE", f"/calendars/{ROOM}/events/{second['id']}")
    after = _instances(world, series)
    assert [(one["id"], one["isCancelled"]) for one in after] == [(first["id"], True), (after[1]["id"], False)]
    assert refusal(world.graph("GET", f"/users/{ROOM}/events/{second['id']}")) == (404, "ErrorItemNotFound")
    world.flush()
    told = {(item["changeType"], item["resourceData"]["id"]) for item in world.receiver.items}
    assert told == {("updated", series["id"])}


def test_a_shortened_series_loses_its_tail(world: World, series: dict[str, Any]) -> None:
    """Occurrences after the new end are 404, and exceptions too once the times change."""
    third = _instances(world, series)[2]
    world.control("PATCH", f"/calendars/{ROOM}/events/{series['id']}", {"rrule": "FREQ=WEEKLY;COUNT=2"})
    assert len(_instances(world, series)) == 2
    assert refusal(world.graph("GET", f"/users/{ROOM}/events/{third['id']}"))[0] == 404


def test_a_moved_series_resets_its_exceptions(world: World, series: dict[str, Any]) -> None:
    """As in Exchange, a new time for the series makes its exceptions plain occurrences again."""
    world.control("PATCH", f"/calendars/{ROOM}/events/{_instances(world, series)[1]['id']}", {"subject": "Exception"})
    world.control(
        "PATCH",
        f"/calendars/{ROOM}/events/{series['id']}",
        {"start": {"dateTime": "2026-10-12T11:00", "timeZone": OSLO}},
    )
    after = _instances(world, series)
    assert {one["subject"] for one in after} == {"Weekly"}
    assert _starts(after)[0] == "2026-10-12T09:00"


def test_a_deleted_series_deletes_its_occurrences(world: World, series: dict[str, Any]) -> None:
    """None is in the view or can be read by id, and the series master was deleted."""
    world.subscribe(changeType="deleted")
    first = _instances(world, series)[0]
    world.control("DELETE", f"/calendars/{ROOM}/events/{series['id']}")
    assert world.get(f"{VIEW}?{MONTH}")["value"] == []
    assert refusal(world.graph("GET", f"/users/{ROOM}/events/{first['id']}"))[0] == 404
    world.flush()
    assert [item["resourceData"]["id"] for item in world.receiver.items] == [series["id"]]


def test_a_cancelled_series_cancels_all(world: World, series: dict[str, Any]) -> None:
    """Both occurrences and exceptions."""
    world.control("PATCH", f"/calendars/{ROOM}/events/{_instances(world, series)[1]['id']}", {"showAs": "oof"})
    world.control("POST", f"/calendars/{ROOM}/events/{series['id']}/cancel")
    assert [one["isCancelled"] for one in _instances(world, series)] == [True] * 3


def test_exdates_are_left_out(world: World) -> None:
    """An excluded start never occurs."""
    series = world.book(
        start="2026-10-12T09:00:00Z",
        end="2026-10-12T10:00:00Z",
        rrule="FREQ=DAILY;COUNT=4",
        exdates=["2026-10-13T09:00:00Z"],
    )
    assert _starts(_instances(world, series)) == ["2026-10-12T09:00", "2026-10-14T09:00", "2026-10-15T09:00"]


def test_an_excluded_start_removes_its_exception(world: World, series: dict[str, Any]) -> None:
    """The exception of an excluded start is removed."""
    world.control("PATCH", f"/calendars/{ROOM}/events/{_instances(world, series)[1]['id']}", {"subject": "Exception"})
    world.control("PATCH", f"/calendars/{ROOM}/events/{series['id']}", {"exdates": ["2026-10-19T09:00"]})
    assert _starts(_instances(world, series)) == ["2026-10-12T07:00", "2026-10-26T08:00"]


def test_the_view_has_the_events_that_touch_the_window(world: World) -> None:
    """Including events that cross its bounds, without one that ends at its start; ordered by start."""
    for start, end in (("23:00", "00:30"), ("22:00", "00:00"), ("23:30", "03:00")):
        day = "2026-10-02" if end != "23:59" else "2026-10-01"
        world.book(start=f"2026-10-01T{start}:00Z", end=f"{day}T{end}:00Z")
    window = "startDateTime=2026-10-02T00:00:00Z&endDateTime=2026-10-02T01:00:00Z"
    assert _starts(world.get(f"{VIEW}?{window}")["value"]) == ["2026-10-01T23:00", "2026-10-01T23:30"]


def test_the_view_is_paged(world: World) -> None:
    """An endless series is cut into pages of its window."""
    world.book(start="2026-10-01T09:00:00Z", end="2026-10-01T10:00:00Z", rrule="FREQ=DAILY")
    seen, page = [], world.get(f"{VIEW}?{MONTH}&$top=12&$select=start")
    while True:
        seen += _starts(page["value"])
        if "@odata.nextLink" not in page:
            break
        page = world.get(page["@odata.nextLink"])
    assert seen == [f"2026-10-{day:02}T09:00" for day in range(1, 32)]


def test_offsets_in_the_window_are_read(world: World) -> None:
    """A quoted offset is accepted; an unquoted plus sign is a space, which is invalid."""
    world.book(start="2026-10-01T22:30:00Z", end="2026-10-01T23:30:00Z")
    start, end = "2026-10-02T00:00:00+02:00", "2026-10-02T01:00:00+02:00"
    assert len(world.get(f"{VIEW}?startDateTime={quote(start)}&endDateTime={quote(end)}")["value"]) == 1
    answer = world.graph("GET", f"{VIEW}?startDateTime={start}&endDateTime={end}")
    assert refusal(answer) == (400, "ErrorInvalidParameter")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "startDateTime=2026-10-01T00:00:00Z",
        f"{MONTH}&endDateTime=2026-10-02",
        "startDateTime=x&endDateTime=y",
        f"{MONTH}&$expand=attachments",
        "startDateTime=2026-10-02&endDateTime=2026-10-01",
        "startDateTime=2020-01-01&endDateTime=2026-01-01",
    ],
)
def test_a_wrong_window_gets_400(world: World, query: str) -> None:
    """A window is required once, with the start before the end, and at most 1825 days long."""
    assert refusal(world.graph("GET", f"{VIEW}?{query}"))[0] == 400


def test_the_longest_window_is_1825_days(world: World, series: dict[str, Any]) -> None:
    """A second more is refused as Graph words it, for instances, too (microsoft-graph-docs issue 6284)."""
    for path in (VIEW, f"/users/{ROOM}/events/{series['id']}/instances"):
        assert world.get(f"{path}?startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-31T00:00:00Z")["value"]
        answer = world.graph("GET", f"{path}?startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-31T00:00:01Z")
        assert refusal(answer) == (400, "ErrorInvalidRequest")
        assert "Maximum number of days: 1825" in answer.json()["error"]["message"]


def test_a_single_event_has_no_instances(world: World) -> None:
    """Only series masters have."""
    booked = world.book()
    assert refusal(world.graph("GET", f"/users/{ROOM}/events/{booked['id']}/instances?{MONTH}"))[0] == 400


def test_control_shows_the_calendar_view(world: World, series: dict[str, Any]) -> None:
    """It equals Graph's own view of the same window, with the immutable ids."""
    world.book(start="2026-10-15T09:00:00Z", end="2026-10-15T10:00:00Z")
    shown = world.control("GET", f"/calendars/{ROOM}?start=2026-10-01T00:00:00Z&end=2026-11-01T00:00:00Z")["value"]
    view = world.get(f"{VIEW}?{MONTH}")["value"]
    assert [event["id"] for event in shown] == [event["id"] for event in view]
    assert [event["immutableId"] for event in shown] == [
        event["id"] for event in world.get(f"{VIEW}?{MONTH}", **IMMUTABLE)["value"]
    ]
    assert {event["seriesMasterImmutableId"] for event in shown} == {series["immutableId"], None}
