"""Writing events and calendars: what Graph accepts and rejects, and its notifications."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.graph_world import APP, IMMUTABLE, OTHER_APP, ROOM, USER, World, fits, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{USER}/events"
OSLO = "W. Europe Standard Time"
WEEKLY = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "friday"]},
          "range": {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 4}}  # fmt: skip


@pytest.fixture(autouse=True)
def writer(world: World) -> None:
    """Let the app write; the other app may only read."""
    world.tenant.clients[APP].roles.add("Calendars.ReadWrite")


def body(**changes: Any) -> dict[str, Any]:
    """Return an event; a change to None removes a property."""
    event = {"subject": "Kick-off", "start": at("2026-12-01T09:00:00"), "end": at("2026-12-01T10:00:00"), **changes}
    return {name: value for name, value in event.items() if value is not None}


def at(text: str, zone: str = OSLO) -> dict[str, str]:
    """Return a dateTimeTimeZone."""
    return {"dateTime": text, "timeZone": zone}


def created(world: World, path: str = EVENTS, **changes: Any) -> dict[str, Any]:
    """Create an event."""
    answer = world.graph("POST", path, body(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_created_event_is_returned_and_can_be_read(world: World) -> None:
    """It fits Graph's type, has its times in UTC, and belongs to the mailbox."""
    event = created(world, attendees=[{"type": "optional", "emailAddress": {"address": "ola@fabrikam.com"}}],
                 location={"displayName": "Room 7"}, isReminderOn=False, transactionId="t-1")  # fmt: skip
    assert fits("event", {name: value for name, value in event.items() if "@" not in name})
    assert (event["start"]["dateTime"], event["originalStartTimeZone"]) == ("2026-12-01T08:00:00.0000000", OSLO)
    assert (event["isOrganizer"], event["transactionId"], event["isOnlineMeeting"]) == (True, "t-1", False)
    assert event["attendees"][0]["status"]["response"] == "none"
    assert world.get(f"{EVENTS}/{event['id']}") == event | {"@odata.context": world.get(f"{EVENTS}/{event['id']}")[
        "@odata.context"]}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": None}, "ErrorPropertyValidationFailure"), ({"end": None}, "ErrorPropertyValidationFailure"),
        ({"end": at("2026-12-01T08:00:00")}, "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ({"start": at("2026-12-01T09:00:00", "Middle Earth")}, "TimeZoneNotSupportedException"),
        ({"start": at("2026-03-29T02:30:00")}, "ErrorInvalidRequest"), ({"start": at("noon")}, "ErrorInvalidRequest"),
        ({"isAllDay": True}, "ErrorPropertyValidationFailure"), ({"title": "x"}, "RequestBodyRead"),
        ({"id": "x"}, "ErrorPropertyValidationFailure"), ({"showAs": "away"}, "RequestBodyRead"),
        ({"attendees": [{"emailAddress": {"address": "nobody"}}]}, "ErrorInvalidRecipients"),
        ({"attendees": [{"emailAddress": {"address": "a@b.example"}}] * 501}, "ErrorPropertyValidationFailure"),
        ({"isOnlineMeeting": True, "onlineMeetingProvider": "skypeForConsumer"}, "ErrorPropertyValidationFailure"),
        ({"recurrence": WEEKLY | {"pattern": {"type": "weekly", "interval": 1}}}, "ErrorInvalidRequest"),
        ({"recurrence": WEEKLY | {"range": {"type": "noEnd", "startDate": "2026-12-02"}}}, "ErrorInvalidRequest"),
        ({"recurrence": {"pattern": {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 30},
                         "range": {"type": "noEnd", "startDate": "2026-12-01"}}}, "ErrorInvalidRequest"),
    ],
)  # fmt: skip
def test_an_invalid_event_gets_400(world: World, changes: dict[str, Any], code: str) -> None:
    """With Graph's code, and nothing is created."""
    assert refusal(world.graph("POST", EVENTS, body(**changes))) == (400, code)
    assert world.get(EVENTS)["value"] == []


def test_writing_needs_its_permission(world: World) -> None:
    """Calendars.Read is not enough for any write."""
    event = created(world)
    for method, path, content in (
        ("POST", EVENTS, body()), ("PATCH", f"{EVENTS}/{event['id']}", {"subject": "x"}),
        ("DELETE", f"{EVENTS}/{event['id']}", None), ("POST", f"{EVENTS}/{event['id']}/cancel", {}),
        ("POST", f"/users/{USER}/calendars", {"name": "x"}),
    ):  # fmt: skip
        answer = world.graph(method, path, content, app=OTHER_APP)
        assert refusal(answer) == (403, "ErrorAccessDenied")


def test_every_write_is_notified(world: World) -> None:
    """Created, updated and deleted, as for changes made by people."""
    world.subscribe(headers=IMMUTABLE, resource=f"users/{USER}/events")
    event = created(world)
    world.flush()
    world.graph("PATCH", f"{EVENTS}/{event['id']}", {"subject": "x"})
    world.flush()
    world.graph("DELETE", f"{EVENTS}/{event['id']}")
    world.flush()
    assert [item["changeType"] for item in world.receiver.items] == ["created", "updated", "deleted"]


def test_an_old_etag_gets_412(world: World) -> None:
    """With If-Match; without it, or with a star, the last writer wins."""
    event = created(world)
    path = f"{EVENTS}/{event['id']}"
    new = world.graph("PATCH", path, {"subject": "x"}, If_Match=event["@odata.etag"]).json()["@odata.etag"]
    for method, content in (("PATCH", {"subject": "y"}), ("DELETE", None)):
        answer = world.graph(method, path, content, If_Match=event["@odata.etag"])
        assert refusal(answer) == (412, "ErrorIrresolvableConflict")
    assert world.get(path)["subject"] == "x"
    assert world.graph("PATCH", path, {"subject": "y"}, If_Match="*").status_code == 200
    assert refusal(world.graph("DELETE", path, If_Match=new))[0] == 412
    assert world.graph("DELETE", path).status_code == 204


def test_a_transaction_creates_a_single_event(world: World) -> None:
    """A repeated creation returns the event; a different event with the id is rejected."""
    first = created(world, transactionId="t-1")
    assert created(world, transactionId="t-1")["id"] == first["id"]
    answer = world.graph("POST", EVENTS, body(transactionId="t-1", subject="Another"))
    assert refusal(answer) == (409, "ErrorDuplicateTransactionId")
    assert len(world.get(EVENTS)["value"]) == 1


def test_a_teams_meeting_keeps_its_link(world: World) -> None:
    """Every read returns the same link."""
    event = created(world, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    link = event["onlineMeeting"]["joinUrl"]
    assert link.startswith("https://teams.microsoft.com/l/meetup-join/19%3Ameeting_")
    path = f"{EVENTS}/{event['id']}"
    assert world.get(path)["onlineMeeting"] == {"joinUrl": link}
    assert refusal(world.graph("PATCH", path, {"isOnlineMeeting": False}))[0] == 400
    assert world.graph("PATCH", path, {"isOnlineMeeting": True}).json()["onlineMeeting"] == {"joinUrl": link}


@pytest.mark.parametrize(
    ("pattern", "limits", "days"),
    [
        ({"type": "daily", "interval": 2}, {"type": "numbered", "numberOfOccurrences": 3}, ["01", "03", "05"]),
        (WEEKLY["pattern"], {"type": "endDate", "endDate": "2026-12-11"}, ["04", "07", "11"]),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "third"},
         {"type": "noEnd"}, ["15"]),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 24}, {"type": "noEnd"}, ["24"]),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 24, "month": 12}, {"type": "noEnd"}, ["24"]),
        ({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["sunday"], "index": "last", "month": 12},
         {"type": "noEnd"}, ["27"]),
    ],
)  # fmt: skip
def test_a_series_recurs_as_its_pattern_says(
    world: World, pattern: dict[str, Any], limits: dict[str, Any], days: list[str]
) -> None:
    """The first occurrence may be after the requested start; the pattern is returned unchanged."""
    event = created(world, recurrence={"pattern": pattern, "range": {"startDate": "2026-12-01", **limits}})
    view = world.get(f"/users/{USER}/calendarView?startDateTime=2026-12-01&endDateTime=2027-01-01")["value"]
    assert [one["start"]["dateTime"][8:10] for one in view] == days
    assert event["type"] == "seriesMaster"
    assert pattern.items() <= {**event["recurrence"]["pattern"], "firstDayOfWeek": "sunday"}.items()


def test_an_occurrence_can_be_changed_or_deleted(world: World) -> None:
    """The others stay; an occurrence has no recurrence of its own."""
    created(world, recurrence=WEEKLY)
    window = f"/users/{USER}/calendarView?startDateTime=2026-12-01&endDateTime=2027-01-01"
    first, second, *_ = world.get(window)["value"]
    assert world.graph("PATCH", f"{EVENTS}/{first['id']}", {"subject": "Other"}).json()["type"] == "exception"
    assert refusal(world.graph("PATCH", f"{EVENTS}/{first['id']}", {"recurrence": WEEKLY}))[0] == 400
    assert world.graph("DELETE", f"{EVENTS}/{second['id']}").status_code == 204
    assert [one["subject"] for one in world.get(window)["value"]] == ["Other", "Kick-off", "Kick-off"]


def test_a_meeting_is_cancelled_by_its_organizer_alone(world: World) -> None:
    """It is removed from the organizer's calendar; an attendee gets 400."""
    event = created(world)
    answer = world.graph("POST", f"{EVENTS}/{event['id']}/cancel", {"Comment": "ill"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert refusal(world.graph("GET", f"{EVENTS}/{event['id']}"))[0] == 404
    booked = world.book(ROOM)
    path = f"/users/{ROOM}/events/{booked['id']}/cancel"
    assert refusal(world.graph("POST", path, {"Comment": "ill"})) == (400, "ErrorAccessDenied")
    assert refusal(world.graph("POST", path, {"reason": "ill"})) == (400, "RequestBodyRead")


def test_calendars_of_a_mailbox_have_their_own_events(world: World) -> None:
    """The default calendar always exists, and is that of /events; every event can be read by its id."""
    path = f"/users/{USER}/calendars"
    (default,) = world.get(path)["value"]
    assert fits("calendar", default)
    assert (default["isDefaultCalendar"], default["canEdit"]) == (True, True)
    other = world.graph("POST", path, {"name": "Projects"})
    assert other.status_code == 201
    assert refusal(world.graph("POST", path, {"name": "projects"})) == (409, "ErrorFolderExists")
    for bad in ({}, {"name": ""}, {"name": "x", "canEdit": True}):
        assert refusal(world.graph("POST", path, bad))[0] == 400
    here, there = created(world), created(world, f"{path}/{other.json()['id']}/events")
    for calendar, event in ((default["id"], here), (other.json()["id"], there)):
        for listing in ("events", "calendarView?startDateTime=2026-12-01&endDateTime=2027-01-01"):
            assert [one["id"] for one in world.get(f"{path}/{calendar}/{listing}")["value"]] == [event["id"]]
        assert world.get(f"{EVENTS}/{event['id']}")["id"] == event["id"]
    assert [one["id"] for one in world.get(EVENTS)["value"]] == [here["id"]]
    assert refusal(world.graph("GET", f"{path}/AAMkAGx/events")) == (404, "ErrorItemNotFound")
