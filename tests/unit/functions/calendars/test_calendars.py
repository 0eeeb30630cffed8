"""Calendars and their events, cancelling and deleting, and which mailboxes are allowed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from functions.calendars import (
    cancel_event,
    change_event,
    create_calendar,
    create_event,
    delete_event,
    get_event,
    list_calendars,
    list_events,
)
from tests.support.graph_world import APP, ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, DECEMBER, MEETING, PUBLIC, at, created, truth
from tests.unit.functions.conftest import call

pytestmark = pytest.mark.server


def test_the_calendars_of_a_mailbox_are_listed_and_created(world: TenantWorld) -> None:
    """A calendar has name, id, colour, and whether it is the default and can be edited; names are unique."""
    first = json_of(list_calendars, 200, method="GET", route_params=AT)["value"]
    assert [(each["name"], each["default"], each["canEdit"]) for each in first] == [("Calendar", True, True)]
    new = json_of(create_calendar, 201, body={"name": "Projects"}, route_params=AT)
    assert new.keys() == {"id", "name", "color", "hexColor", "default", "canEdit"}
    listed = json_of(list_calendars, 200, method="GET", route_params=AT)["value"]
    assert [each["name"] for each in listed] == ["Calendar", "Projects"]
    assert listed[1] == new
    assert "exists already" in problem(create_calendar, 409, body={"name": "projects"}, route_params=AT)


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": 1}, {"name": "x" * 256}, {"name": "a\nb"},
                                  {"name": "x", "color": "red"}])  # fmt: skip
def test_a_calendar_needs_a_name(world: TenantWorld, body: object) -> None:
    """Another field is rejected."""
    assert "name" in problem(create_calendar, 422, body=body, route_params=AT) or "color" in str(body)


@pytest.mark.parametrize("names", [("from", "to"), ("start", "end")], ids=str)
def test_a_calendar_lists_occurrences_in_pages(world: TenantWorld, names: tuple[str, str]) -> None:
    """Occurrences are sorted by start, each appears once, and nextLink leads through all pages, without the key. It has
    the present names, also after a request with the old ones.
    """
    created(recurrence={"every": "week", "days": ["tuesday", "thursday"], "count": 6})
    created(title="Alone", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    window = zip(names, DECEMBER.values(), strict=True)
    params: dict[str, str] = {**dict(window), "pageSize": "3", "code": "canary"}
    seen: list[dict[str, Any]] = []
    while True:
        page = json_of(list_events, 200, method="GET", route_params=AT, params=params)
        seen += page["value"]
        if page["nextLink"] is None:
            break
        link, _, query = page["nextLink"].partition("?")
        assert link == f"https://relay.example/api/calendars/{USER}/events"
        params = dict(parse_qsl(query))
        assert params.keys() == {"from", "to", "pageSize", "after"}
    assert [event["start"][8:10] for event in seen] == ["01", "02", "03", "08", "10", "15", "17"]
    assert len({event["id"] for event in seen}) == 7
    assert all(event.keys() == PUBLIC for event in seen)
    assert len({event["seriesId"] for event in seen}) == 2


@pytest.mark.parametrize(
    ("query", "followed"),
    [("$skipToken=ab%2Bc", "skiptoken=ab%2Bc"), ("%24SKIP=3", "skip=3"), ("$skip=2", None), ("$skiptoken=", None)],
)
def test_a_link_of_graph_is_followed_in_any_case_and_once(world: TenantWorld, query: str, followed: str | None) -> None:
    """One that leads to the page itself, or to none, would end no walk, or end it too soon."""
    link = f"https://graph.microsoft.com/v1.0/users/{USER}/calendarView?{query}"
    body = {"value": [], "@odata.nextLink": link}
    world.control("POST", "/faults", {"match": "GET .*/calendarView", "status": 200, "body": body})
    params = {**DECEMBER, "after": "skip=2"}
    if followed is None:
        problem(list_events, 502, method="GET", route_params=AT, params=params)
    else:
        page = json_of(list_events, 200, method="GET", route_params=AT, params=params)
        assert dict(parse_qsl(page["nextLink"].partition("?")[2]))["after"] == followed


def test_the_window_may_be_in_a_time_zone(world: TenantWorld) -> None:
    """Midnight in Oslo is not midnight in UTC."""
    created(start="2026-12-01T00:30:00", end="2026-12-01T00:45:00")
    window = {"start": "2026-12-01T00:00:00", "end": "2026-12-01T01:00:00", "timeZone": "W. Europe Standard Time"}
    assert len(json_of(list_events, 200, method="GET", route_params=AT, params=window)["value"]) == 1
    window["timeZone"] = "UTC"
    assert json_of(list_events, 200, method="GET", route_params=AT, params=window)["value"] == []


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"start": ""}, "start"), ({"end": "2026-12-01T00:00:00Z"}, "end"), ({"end": "2033-01-01T00:00:00Z"}, "1825"),
        ({"start": "2026-12-01T00:00:00"}, "has no zone"), ({"timeZone": "x"}, "timeZone"),
        ({"pageSize": "0"}, "pageSize"), ({"after": "nonsense"}, "after"), ({"after": "select=body"}, "after"),
        ({"after": "skip=1&filter=x"}, "after"), ({"after": "skip=" + "1" * 3000}, "after"),
    ],
)  # fmt: skip
def test_an_invalid_window_is_rejected(world: TenantWorld, params: dict[str, str], detail: str) -> None:
    """A caller cannot add a query parameter to the call to Graph."""
    assert detail in problem(list_events, 422, method="GET", route_params=AT, params=DECEMBER | params)


def test_events_of_another_calendar_of_the_mailbox(world: TenantWorld) -> None:
    """A calendar is chosen by its id; an unknown id is a 404."""
    other = json_of(create_calendar, 201, body={"name": "Projects"}, route_params=AT)["id"]
    event = json_of(create_event, 201, body=MEETING, route_params=AT, params={"calendar": other})
    assert truth(world) == []
    shown = json_of(list_events, 200, method="GET", route_params=AT, params=DECEMBER | {"calendar": other})
    assert [each["id"] for each in shown["value"]] == [event["id"]]
    assert json_of(get_event, 200, method="GET", route_params=at(event))["id"] == event["id"]
    problem(list_events, 404, method="GET", route_params=AT, params=DECEMBER | {"calendar": "AAMkAGx"})
    problem(create_event, 404, body=MEETING, route_params=AT, params={"calendar": "../../users"})


def test_deleting_an_event_again_is_a_no_op(world: TenantWorld) -> None:
    """Both calls return 204; reading the event is a 404."""
    event = created()
    for _ in range(2):
        assert call(delete_event, method="DELETE", route_params=at(event)).status_code == 204
    assert truth(world) == []
    problem(get_event, 404, method="GET", route_params=at(event))
    problem(change_event, 404, method="PATCH", body={"title": "x"}, route_params=at(event))


@pytest.mark.parametrize("code", ["ErrorFolderNotFound", "ErrorInvalidIdMalformed"])
def test_only_an_item_that_graph_does_not_find_is_gone(world: TenantWorld, code: str) -> None:
    """Any other 404 says nothing about the event."""
    event, fault = created(), {"match": "DELETE .*", "status": 404, "body": {"error": {"code": code}}, "times": 1}
    world.control("POST", "/faults", fault)
    problem(delete_event, 404, method="DELETE", route_params=at(event))
    assert len(truth(world)) == 1


@pytest.mark.parametrize("body", [b"", {}, {"comment": "Canary reason"}])
def test_a_meeting_is_cancelled_by_its_organizer(world: TenantWorld, body: object) -> None:
    """The comment is optional; an attendee that cancels gets a 409."""
    event = created(attendees=[{"address": "ola@fabrikam.com"}])
    assert call(cancel_event, body=body, route_params=at(event)).status_code == 202
    assert truth(world) == []
    times = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:00:00Z"}
    invited = world.control("POST", f"/calendars/{USER}/events", {"subject": "x", "direct": False, **times})
    assert "organizer" in problem(cancel_event, 409, body=body, route_params=at(invited))


@pytest.mark.parametrize("body", [{"comment": 1}, {"comment": "x" * 1001}, {"reason": "x"}])
def test_an_invalid_cancellation_is_rejected(world: TenantWorld, body: object) -> None:
    """The event stays."""
    event = created()
    problem(cancel_event, 422, body=body, route_params=at(event))
    assert len(truth(world)) == 1


@pytest.mark.parametrize(
    "event_id", ["nonsense", "..", "a/b", "a%2Fb", "a?b", "a'b", "a b", "æ", "", "AAMkAG" + "x" * 60]
)
def test_an_unknown_or_malformed_id_is_404(world: TenantWorld, event_id: str) -> None:
    """An id never leads to another path of Graph."""
    problem(get_event, 404, method="GET", route_params={"mailbox": USER, "id": event_id})


ALL = [(list_calendars, {}), (create_calendar, {"name": "x"}), (list_events, {}), (create_event, MEETING),
       (get_event, {}), (change_event, {"title": "x"}), (delete_event, {}), (cancel_event, {})]  # fmt: skip


@pytest.mark.parametrize(("function", "body"), ALL)
def test_the_allow_list_is_checked_before_every_call(world: TenantWorld, function: Any, body: object) -> None:
    """A mailbox outside the list is a 403, whether it exists or not, and Graph is not called."""
    world.set(ALLOWED_MAILBOXES=ROOM)
    for mailbox in (USER, "nobody@contoso.com"):
        parameters = {"mailbox": mailbox, "id": "x"}
        assert "ALLOWED_MAILBOXES" in problem(function, 403, body=body, route_params=parameters, params=DECEMBER)
    assert not world.tenant.calls
    problem(function, 422, body=body, route_params={"mailbox": "no address", "id": "x"}, params=DECEMBER)


@pytest.mark.parametrize(("function", "body"), ALL)
def test_errors_of_graph_are_translated(world: TenantWorld, function: Any, body: object) -> None:
    """An unknown mailbox is 404, a missing permission 502, throttling 503 with Retry-After, and nothing is 500."""
    parameters = {"mailbox": "nobody@contoso.com", "id": "AAMkAG" + "x" * 60}
    problem(function, 404, body=body, route_params=parameters, params=DECEMBER)
    world.tenant.clients[APP].roles = {"Calendars.Send"}
    parameters = {"mailbox": USER, "id": "AAMkAG" + "x" * 60}
    assert "Calendars.ReadWrite" in problem(function, 502, body=body, route_params=parameters, params=DECEMBER)
    world.control("POST", "/faults", {"match": ".* /v1.0/users/.*", "status": 503, "headers": {"Retry-After": "1"}})
    answer = call(function, body=body, route_params=parameters, params=DECEMBER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_event_detail_decides_which_fields_are_returned(world: TenantWorld) -> None:
    """EVENT_DETAIL may name location, organizer and attendees; a private event shows none, and no event its body."""
    attendees = [{"address": "ola@fabrikam.com"}, {"address": "kari@fabrikam.com"}]
    event = created(location="Room 7", attendees=attendees)
    world.set(EVENT_DETAIL="location,organizer,attendees")
    seen = json_of(get_event, 200, method="GET", route_params=at(event))
    assert seen.keys() == PUBLIC | {"location", "organizer", "attendees"}
    assert (seen["location"], seen["attendees"]) == ("Room 7", 2)
    assert seen["organizer"] == {"name": "Kari Nordmann", "address": USER}
    world.control("PATCH", f"/calendars/{USER}/events/{event['id']}", {"sensitivity": "private"})
    hidden = json_of(get_event, 200, method="GET", route_params=at(event))
    assert (hidden["title"], hidden["location"], hidden["organizer"], hidden["attendees"]) == ("Private", *[None] * 3)
    world.set(EVENT_DETAIL="location")
    assert json_of(get_event, 200, method="GET", route_params=at(event)).keys() == PUBLIC | {"location"}
