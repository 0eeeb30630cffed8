"""Claims about making and changing events: what lies in the calendar then, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.calendars import change_event, create_calendar, create_event, delete_event, get_event
from tests.support.graph_world import ROOM, USER
from tests.support.tenant_world import TenantWorld, problem, told
from tests.unit.functions.calendars.conftest import AT, MEETING, PUBLIC, at, made, truth
from tests.unit.functions.conftest import call, content_of

pytestmark = pytest.mark.server


def test_an_event_is_made_and_only_its_public_picture_comes_back(world: TenantWorld) -> None:
    """With all its fields it lies in the calendar; the answer has Location, ETag, and no more than a delivery."""
    body = MEETING | {
        "location": "Canary room", "showAs": "tentative", "reminderMinutes": 30,
        "attendees": [{"address": "Ola@fabrikam.com", "name": "Canary Ola"}, {"address": ROOM, "type": "resource"}],
    }  # fmt: skip
    answer = call(create_event, body=body, route_params=AT)
    event = content_of(answer)
    assert (answer.status_code, event.keys()) == (201, PUBLIC)
    assert (event["start"], event["end"]) == ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z")
    assert (event["title"], event["availability"], event["allDay"]) == ("Canary budget", "tentative", False)
    assert answer.headers["ETag"] == event["etag"]
    assert answer.headers["Location"].startswith(f"https://relay.example/api/calendars/{USER}/events/")
    (stored,) = truth(world)
    assert stored["originalStartTimeZone"] == "W. Europe Standard Time"
    assert stored["location"]["displayName"] == "Canary room"
    assert (stored["isReminderOn"], stored["reminderMinutesBeforeStart"]) == (True, 30)
    invited = [(one["type"], one["emailAddress"]["address"]) for one in stored["attendees"]]
    assert invited == [("required", "ola@fabrikam.com"), ("resource", ROOM)]
    assert told(get_event, 200, method="GET", route_params=at(event)) == event


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ({"timeZone": "W. Europe Standard Time"}, "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z"),
        ({"timeZone": "Asia/Kolkata"}, "2026-12-01T03:30:00Z", "2026-12-01T04:30:00Z"),
        ({"timeZone": None, "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T11:00:00+01:00"},
         "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"),
        ({"allDay": True, "start": "2026-12-01", "end": "2026-12-03"}, "2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z"),
        ({"allDay": True, "start": "2026-12-01", "end": "2026-12-02", "timeZone": None},
         "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
    ],
)  # fmt: skip
def test_times_in_every_sound_form(world: TenantWorld, times: dict[str, Any], start: str, end: str) -> None:
    """Windows' names, IANA's, offsets, days."""
    event = made(**times)
    assert (event["start"], event["end"], event["allDay"]) == (start, end, times.get("allDay", False))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"timeZone": None}, "start: has no zone"),
        ({"timeZone": "Middle Earth"}, "timeZone: not known"),
        ({"end": "2026-12-01T08:00:00"}, "end: must be after start"),
        ({"end": "2026-12-01T09:00:00"}, "end: must be after start"),
        ({"start": "2026-03-29T02:30:00"}, "start: does not exist"),
        ({"start": "2026-10-25T02:30:00"}, "start: comes twice"),
        ({"start": "tomorrow"}, "start: not a date"),
        ({"allDay": True}, "start: an all-day event has days"),
        ({"allDay": True, "start": "2026-12-01", "end": "2026-12-01"}, "end: of an all-day event"),
        ({"title": None}, "title"), ({"title": "a\nb"}, "title"), ({"title": "x" * 256}, "title"),
        ({"subject": "x"}, "subject"), ({"body": "x"}, "body"), ({"showAs": "away"}, "showAs"),
        ({"reminderMinutes": -1}, "reminderMinutes"), ({"attendees": [{"address": "nobody"}]}, "attendees"),
        ({"attendees": [{"address": "a@b.example"}] * 501}, "attendees"), ({"teamsMeeting": "yes"}, "teamsMeeting"),
        ({"recurrence": {"every": "hour"}}, "recurrence.every"),
        ({"recurrence": {"every": "day", "days": ["monday"]}}, "recurrence.days"),
        ({"recurrence": {"every": "month", "days": ["monday"]}}, "recurrence.week"),
        ({"recurrence": {"every": "week", "until": "2026-11-01"}}, "recurrence.until"),
        ({"recurrence": {"every": "week", "until": "2026-12-31", "count": 3}}, "recurrence.count"),
        ({"recurrence": {"every": "week"}, "timeZone": None, "start": "2026-12-01T09:00:00Z",
          "end": "2026-12-01T10:00:00Z"}, "recurrence: needs timeZone"),
    ],
)  # fmt: skip
def test_an_unsound_event_is_refused_and_none_is_made(world: TenantWorld, changes: dict[str, Any], said: str) -> None:
    """422 that names the field and quotes nothing."""
    detail = problem(create_event, 422, body=MEETING | changes, route_params=AT)
    assert said in detail
    assert "Canary" not in detail
    assert truth(world) == []


def test_a_body_that_is_no_object_is_refused(world: TenantWorld) -> None:
    """400, and a lone surrogate is no title."""
    problem(create_event, 400, body=b"[]", route_params=AT)
    body = json.dumps(MEETING).replace("Canary", "\\ud800").encode()
    assert "title" in problem(create_event, 422, body=body, route_params=AT)


def test_the_link_of_a_teams_meeting_comes_back_to_who_made_it_and_to_nobody_else(world: TenantWorld) -> None:
    """Who has the link can come in, so a reading does not tell it."""
    event = made(teamsMeeting=True)
    assert event["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert "joinUrl" not in told(get_event, 200, method="GET", route_params=at(event))
    assert "joinUrl" not in made()
    renamed = told(change_event, 200, method="PATCH", body={"title": "x"}, route_params=at(event))
    assert "joinUrl" not in renamed
    plain = made(start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    turned = told(change_event, 200, method="PATCH", body={"teamsMeeting": True}, route_params=at(plain))
    assert turned["joinUrl"].startswith("https://teams.microsoft.com/")
    problem(change_event, 422, method="PATCH", body={"teamsMeeting": False}, route_params=at(plain))


def test_a_repeated_call_with_the_same_key_makes_one_event(world: TenantWorld) -> None:
    """Whatever became of the answer; another key makes another event, and a key belongs to its mailbox and calendar."""
    key = {"headers": {"idempotency-key": "order-1"}}
    first = told(create_event, 201, body=MEETING, route_params=AT, **key)
    assert told(create_event, 201, body=MEETING, route_params=AT, **key)["id"] == first["id"]
    assert len(truth(world)) == 1
    told(create_event, 201, body=MEETING, route_params=AT, headers={"idempotency-key": "order-2"})
    told(create_event, 201, body=MEETING, route_params={"mailbox": ROOM}, **key)
    assert (len(truth(world)), len(truth(world, ROOM))) == (2, 1)
    projects = told(create_calendar, 201, body={"name": "Projects"}, route_params=AT)
    there = told(create_event, 201, body=MEETING, route_params=AT, params={"calendar": projects["id"]}, **key)
    assert there["id"] != first["id"]
    other = MEETING | {"start": "2026-12-05T09:00:00", "end": "2026-12-05T10:00:00"}
    assert "another event already" in problem(create_event, 422, body=other, route_params=AT, **key)
    assert len(truth(world)) == 2


def test_an_event_that_graph_says_it_has_is_found_and_answered(world: TenantWorld) -> None:
    """Some answer a repeated transactionId with an error, even for the same event."""
    key = {"headers": {"idempotency-key": "order-1"}}
    first = told(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key)
    said = {"error": {"code": "ErrorDuplicateTransactionId", "message": "x"}}
    for status in (400, 409):
        fault = {"match": "POST /v1.0/users/.*", "status": status, "body": said, "times": 1}
        world.control("POST", "/faults", fault)
        again = told(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key)
        assert again == first
    assert len(truth(world)) == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "é"])
def test_a_key_is_one_word(world: TenantWorld, key: str) -> None:
    """Of visible signs."""
    detail = problem(create_event, 422, body=MEETING, route_params=AT, headers={"idempotency-key": key})
    assert "Idempotency-Key" in detail


def test_what_is_named_is_changed_and_nothing_else(world: TenantWorld) -> None:
    """Title, place, times, attendees, reminder, availability."""
    event = made(location="Here", showAs="tentative")
    changed = told(change_event, 200, method="PATCH", body={"title": "Another"}, route_params=at(event))
    assert changed == event | {"title": "Another", "etag": changed["etag"]}
    assert changed["etag"] != event["etag"]
    (stored,) = truth(world)
    assert (stored["location"]["displayName"], stored["showAs"]) == ("Here", "tentative")
    moved = {"start": "2026-12-03", "end": "2026-12-04", "allDay": True, "reminderMinutes": None}
    assert told(change_event, 200, method="PATCH", body=moved, route_params=at(event))["allDay"] is True
    assert truth(world)[0]["isReminderOn"] is False


@pytest.mark.parametrize(
    "body",
    [{}, {"start": "2026-12-01T09:00:00Z"}, {"end": "2026-12-01T09:00:00Z"}, {"timeZone": "UTC"}, {"allDay": True},
     {"recurrence": None}, {"title": None}, {"id": "x"}, {"start": "", "end": ""}],
)  # fmt: skip
def test_an_unsound_change_changes_nothing(world: TenantWorld, body: object) -> None:
    """Times belong together, and something has to be named."""
    event = made()
    problem(change_event, 422, method="PATCH", body=body, route_params=at(event))
    assert told(get_event, 200, method="GET", route_params=at(event)) == event


def test_if_match_protects_what_somebody_else_changed(world: TenantWorld) -> None:
    """412 with an old etag for PATCH and DELETE; without If-Match the last writer wins."""
    event = made()
    world.control("PATCH", f"/calendars/{USER}/events/{event['id']}", {"subject": "By a person"})
    old = {"headers": {"if-match": event["etag"]}}
    assert "not as If-Match says" in problem(
        change_event, 412, method="PATCH", body={"title": "x"}, route_params=at(event), **old
    )
    problem(delete_event, 412, method="DELETE", route_params=at(event), **old)
    assert truth(world)[0]["subject"] == "By a person"
    new = told(get_event, 200, method="GET", route_params=at(event))["etag"]
    told(change_event, 200, method="PATCH", body={"title": "x"}, route_params=at(event), headers={"if-match": new})
    told(change_event, 200, method="PATCH", body={"title": "y"}, route_params=at(event))
    assert "If-Match" in problem(
        change_event, 422, method="PATCH", body={"title": "z"}, route_params=at(event), headers={"if-match": "a b"}
    )
