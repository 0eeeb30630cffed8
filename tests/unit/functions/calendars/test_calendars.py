"""Claims about calendars and what they show, about cancelling and deleting, and about who may ask for what."""

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
from tests.support.tenant_world import TenantWorld, problem, told
from tests.unit.functions.calendars.conftest import AT, DECEMBER, MEETING, PUBLIC, at, made, truth
from tests.unit.functions.conftest import call

pytestmark = pytest.mark.server


def test_the_calendars_of_a_mailbox_are_listed_and_made(world: TenantWorld) -> None:
    """Name, id, colour, which is the default one, and whether it can be edited; names are unique."""
    first = told(list_calendars, 200, method="GET", route_params=AT)["value"]
    assert [(one["name"], one["default"], one["canEdit"]) for one in first] == [("Calendar", True, True)]
    new = told(create_calendar, 201, body={"name": "Projects"}, route_params=AT)
    assert new.keys() == {"id", "name", "color", "hexColor", "default", "canEdit"}
    listed = told(list_calendars, 200, method="GET", route_params=AT)["value"]
    assert [one["name"] for one in listed] == ["Calendar", "Projects"]
    assert listed[1] == new
    assert "there already" in problem(create_calendar, 409, body={"name": "projects"}, route_params=AT)


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": 1}, {"name": "x" * 256}, {"name": "a\nb"},
                                  {"name": "x", "color": "red"}])  # fmt: skip
def test_a_calendar_needs_a_name(world: TenantWorld, body: object) -> None:
    """And nothing else."""
    assert "name" in problem(create_calendar, 422, body=body, route_params=AT) or "color" in str(body)


def test_a_calendar_is_shown_by_occurrences_and_in_pages(world: TenantWorld) -> None:
    """In the order of their starts, each once, with a nextLink that leads through all."""
    made(recurrence={"every": "week", "days": ["tuesday", "thursday"], "count": 6})
    made(title="Alone", start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    params: dict[str, str] = {**DECEMBER, "pageSize": "3"}
    seen: list[dict[str, Any]] = []
    while True:
        page = told(list_events, 200, method="GET", route_params=AT, params=params)
        seen += page["value"]
        if page["nextLink"] is None:
            break
        link, _, query = page["nextLink"].partition("?")
        assert link == f"https://relay.example/api/calendars/{USER}/events"
        params = dict(parse_qsl(query))
    assert [event["start"][8:10] for event in seen] == ["01", "02", "03", "08", "10", "15", "17"]
    assert len({event["id"] for event in seen}) == 7
    assert all(event.keys() == PUBLIC for event in seen)
    assert len({event["seriesId"] for event in seen}) == 2


def test_the_window_may_be_given_by_a_zones_clock(world: TenantWorld) -> None:
    """Midnight in Oslo is not midnight in UTC."""
    made(start="2026-12-01T00:30:00", end="2026-12-01T00:45:00")
    window = {"start": "2026-12-01T00:00:00", "end": "2026-12-01T01:00:00", "timeZone": "W. Europe Standard Time"}
    assert len(told(list_events, 200, method="GET", route_params=AT, params=window)["value"]) == 1
    window["timeZone"] = "UTC"
    assert told(list_events, 200, method="GET", route_params=AT, params=window)["value"] == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"start": ""}, "start"), ({"end": "2026-12-01T00:00:00Z"}, "end"), ({"end": "2033-01-01T00:00:00Z"}, "1825"),
        ({"start": "2026-12-01T00:00:00"}, "has no zone"), ({"timeZone": "x"}, "timeZone"),
        ({"pageSize": "0"}, "pageSize"), ({"after": "nonsense"}, "after"), ({"after": "select=body"}, "after"),
        ({"after": "skip=1&filter=x"}, "after"), ({"after": "skip=" + "1" * 3000}, "after"),
    ],
)  # fmt: skip
def test_an_unsound_window_is_refused(world: TenantWorld, params: dict[str, str], said: str) -> None:
    """422; a caller cannot smuggle a parameter of Graph's into the call."""
    assert said in problem(list_events, 422, method="GET", route_params=AT, params=DECEMBER | params)


def test_events_of_another_calendar_of_the_mailbox(world: TenantWorld) -> None:
    """By its id; an unknown one is 404."""
    other = told(create_calendar, 201, body={"name": "Projects"}, route_params=AT)["id"]
    event = told(create_event, 201, body=MEETING, route_params=AT, params={"calendar": other})
    assert truth(world) == []
    shown = told(list_events, 200, method="GET", route_params=AT, params=DECEMBER | {"calendar": other})
    assert [one["id"] for one in shown["value"]] == [event["id"]]
    assert told(get_event, 200, method="GET", route_params=at(event))["id"] == event["id"]
    problem(list_events, 404, method="GET", route_params=AT, params=DECEMBER | {"calendar": "AAMkAGx"})
    problem(create_event, 404, body=MEETING, route_params=AT, params={"calendar": "../../users"})


def test_a_deleted_event_is_gone_and_deleting_it_again_is_as_good(world: TenantWorld) -> None:
    """204 both times; reading it is 404."""
    event = made()
    for _ in range(2):
        assert call(delete_event, method="DELETE", route_params=at(event)).status_code == 204
    assert truth(world) == []
    problem(get_event, 404, method="GET", route_params=at(event))
    problem(change_event, 404, method="PATCH", body={"title": "x"}, route_params=at(event))


@pytest.mark.parametrize("body", [b"", {}, {"comment": "Canary reason"}])
def test_a_meeting_is_cancelled_by_its_organizer(world: TenantWorld, body: object) -> None:
    """202; the comment may be missing. Whoever was only invited cannot (409)."""
    event = made(attendees=[{"address": "ola@fabrikam.com"}])
    assert call(cancel_event, body=body, route_params=at(event)).status_code == 202
    assert truth(world) == []
    times = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:00:00Z"}
    invited = world.control("POST", f"/calendars/{USER}/events", {"subject": "x", "direct": False, **times})
    assert "organizer" in problem(cancel_event, 409, body=body, route_params=at(invited))


@pytest.mark.parametrize("body", [{"comment": 1}, {"comment": "x" * 1001}, {"reason": "x"}])
def test_an_unsound_cancellation_cancels_nothing(world: TenantWorld, body: object) -> None:
    """The event stays."""
    event = made()
    problem(cancel_event, 422, body=body, route_params=at(event))
    assert len(truth(world)) == 1


@pytest.mark.parametrize("event_id", ["nonsense", "..", "a/b", "AAMkAG" + "x" * 60])
def test_an_id_that_leads_nowhere_is_404(world: TenantWorld, event_id: str) -> None:
    """And never another path of Graph's."""
    problem(get_event, 404, method="GET", route_params={"mailbox": USER, "id": event_id})


ALL = [(list_calendars, {}), (create_calendar, {"name": "x"}), (list_events, {}), (create_event, MEETING),
       (get_event, {}), (change_event, {"title": "x"}), (delete_event, {}), (cancel_event, {})]  # fmt: skip


@pytest.mark.parametrize(("function", "body"), ALL)
def test_the_allow_list_stands_before_every_call(world: TenantWorld, function: Any, body: object) -> None:
    """403 for a mailbox that the customer does not name, whether it exists or not, and Graph is not asked."""
    world.set(ALLOWED_MAILBOXES=ROOM)
    for mailbox in (USER, "nobody@contoso.com"):
        place = {"mailbox": mailbox, "id": "x"}
        assert "ALLOWED_MAILBOXES" in problem(function, 403, body=body, route_params=place, params=DECEMBER)
    assert not world.tenant.calls
    problem(function, 422, body=body, route_params={"mailbox": "no address", "id": "x"}, params=DECEMBER)


@pytest.mark.parametrize(("function", "body"), ALL)
def test_what_graph_says_is_told_in_words(world: TenantWorld, function: Any, body: object) -> None:
    """Unknown mailbox 404, no permission 502, busy 503 with Retry-After; never a 500."""
    place = {"mailbox": "nobody@contoso.com", "id": "AAMkAG" + "x" * 60}
    problem(function, 404, body=body, route_params=place, params=DECEMBER)
    world.tenant.clients[APP].roles = {"Calendars.Send"}
    place = {"mailbox": USER, "id": "AAMkAG" + "x" * 60}
    assert "Calendars.ReadWrite" in problem(function, 502, body=body, route_params=place, params=DECEMBER)
    world.control("POST", "/faults", {"match": ".* /v1.0/users/.*", "status": 503, "headers": {"Retry-After": "1"}})
    answer = call(function, body=body, route_params=place, params=DECEMBER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_the_customer_decides_what_is_told_beside_the_times(world: TenantWorld) -> None:
    """EVENT_DETAIL: location, organizer, the number of attendees; of a private event nothing, and never a body."""
    attendees = [{"address": "ola@fabrikam.com"}, {"address": "kari@fabrikam.com"}]
    event = made(location="Room 7", attendees=attendees)
    world.set(EVENT_DETAIL="location,organizer,attendees")
    seen = told(get_event, 200, method="GET", route_params=at(event))
    assert seen.keys() == PUBLIC | {"location", "organizer", "attendees"}
    assert (seen["location"], seen["attendees"]) == ("Room 7", 2)
    assert seen["organizer"] == {"name": "Kari Nordmann", "address": USER}
    world.control("PATCH", f"/calendars/{USER}/events/{event['id']}", {"sensitivity": "private"})
    hidden = told(get_event, 200, method="GET", route_params=at(event))
    assert (hidden["title"], hidden["location"], hidden["organizer"], hidden["attendees"]) == ("Private", *[None] * 3)
    world.set(EVENT_DETAIL="location")
    assert told(get_event, 200, method="GET", route_params=at(event)).keys() == PUBLIC | {"location"}
