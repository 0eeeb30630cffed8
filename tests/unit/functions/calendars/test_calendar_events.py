"""Creating and changing events: the content of the calendar afterwards, and which requests are rejected."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from functions.calendars import change_event, create_calendar, create_event, delete_event, get_event
from shared.calendars.requests import read_new_event
from shared.caller_keys import Identifiers
from shared.key_vault import Secrets
from tests.support.fake_vault import Vault
from tests.support.graph_world import ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, MEETING, PUBLIC, at, created, truth
from tests.unit.functions.conftest import call, content_of

pytestmark = pytest.mark.server


def test_an_event_is_created_and_only_its_public_fields_are_returned(world: TenantWorld) -> None:
    """The calendar has all fields; the response has Location, ETag and the fields of a delivery."""
    body = MEETING | {
        "location": "Canary room", "showAs": "tentative", "reminderMinutes": 30,
        "attendees": [{"address": "Ola@fabrikam.com", "name": "Canary Ola"}, {"address": ROOM, "type": "resource"}],
    }  # fmt: skip
    answer = call(create_event, body=body, route_params=AT)
    event = content_of(answer)
    assert (answer.status_code, set(event)) == (201, PUBLIC)
    assert (event["start"], event["end"]) == ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z")
    assert (event["title"], event["availability"], event["allDay"]) == ("Canary budget", "tentative", False)
    assert answer.headers["ETag"] == event["etag"]
    assert answer.headers["Location"].startswith(f"https://relay.example/api/calendars/{USER}/events/")
    (stored,) = truth(world)
    assert stored["originalStartTimeZone"] == "W. Europe Standard Time"
    assert stored["location"]["displayName"] == "Canary room"
    assert (stored["isReminderOn"], stored["reminderMinutesBeforeStart"]) == (True, 30)
    invited = [(attendee["type"], attendee["emailAddress"]["address"]) for attendee in stored["attendees"]]
    assert invited == [("required", "ola@fabrikam.com"), ("resource", ROOM)]
    assert json_of(get_event, 200, method="GET", route_params=at(event)) == event


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
def test_times_in_every_valid_form(world: TenantWorld, times: dict[str, Any], start: str, end: str) -> None:
    """Windows names, IANA names, offsets and days are accepted."""
    event = created(**times)
    assert (event["start"], event["end"], event["allDay"]) == (start, end, times.get("allDay", False))


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"timeZone": None}, "start: has no zone"),
        ({"timeZone": "Middle Earth"}, "timeZone: unknown"),
        ({"end": "2026-12-01T08:00:00"}, "end: must be after start"),
        ({"end": "2026-12-01T09:00:00"}, "end: must be after start"),
        ({"start": "2026-03-29T02:30:00"}, "start: does not exist"),
        ({"start": "2026-10-25T02:30:00"}, "start: occurs twice"),
        ({"start": "tomorrow"}, "start: not a date"),
        ({"allDay": True}, "start: an all-day event takes a date"),
        ({"allDay": True, "start": "2026-12-01", "end": "2026-12-01"}, "end: for an all-day event"),
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
def test_an_invalid_event_is_rejected(world: TenantWorld, changes: dict[str, Any], detail: str) -> None:
    """The response is a 422 that names the field without its value, and no event is created."""
    text = problem(create_event, 422, body=MEETING | changes, route_params=AT)
    assert detail in text
    assert "Canary" not in text
    assert truth(world) == []


def test_a_body_that_is_no_object_is_rejected(world: TenantWorld) -> None:
    """A body that is no object is a 400; a lone surrogate in the title is a 422."""
    problem(create_event, 400, body=b"[]", route_params=AT)
    body = json.dumps(MEETING).replace("Canary", "\\ud800").encode()
    assert "title" in problem(create_event, 422, body=body, route_params=AT)


def test_the_join_url_is_returned_only_to_the_caller_that_creates_the_meeting(world: TenantWorld) -> None:
    """Anyone with the link can join, so a read does not return it."""
    event = created(teamsMeeting=True)
    assert event["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert "joinUrl" not in json_of(get_event, 200, method="GET", route_params=at(event))
    assert "joinUrl" not in created()
    renamed = json_of(change_event, 200, method="PATCH", body={"title": "x"}, route_params=at(event))
    assert "joinUrl" not in renamed
    plain = created(start="2026-12-02T09:00:00", end="2026-12-02T10:00:00")
    changed = json_of(change_event, 200, method="PATCH", body={"teamsMeeting": True}, route_params=at(plain))
    assert changed["joinUrl"].startswith("https://teams.microsoft.com/")
    problem(change_event, 422, method="PATCH", body={"teamsMeeting": False}, route_params=at(plain))


def test_a_repeated_call_with_the_same_key_creates_a_single_event(world: TenantWorld) -> None:
    """Another key creates another event, and a key is valid for its mailbox and calendar only."""
    key = {"headers": {"idempotency-key": "order-1"}}
    first = json_of(create_event, 201, body=MEETING, route_params=AT, **key)
    assert json_of(create_event, 201, body=MEETING, route_params=AT, **key)["id"] == first["id"]
    assert len(truth(world)) == 1
    json_of(create_event, 201, body=MEETING, route_params=AT, headers={"idempotency-key": "order-2"})
    json_of(create_event, 201, body=MEETING, route_params={"mailbox": ROOM}, **key)
    assert (len(truth(world)), len(truth(world, ROOM))) == (2, 1)
    projects = json_of(create_calendar, 201, body={"name": "Projects"}, route_params=AT)
    there = json_of(create_event, 201, body=MEETING, route_params=AT, params={"calendar": projects["id"]}, **key)
    assert there["id"] != first["id"]
    other = MEETING | {"start": "2026-12-05T09:00:00", "end": "2026-12-05T10:00:00"}
    assert "already used for another event" in problem(create_event, 422, body=other, route_params=AT, **key)
    assert len(truth(world)) == 2


def upgrade(world: TenantWorld) -> None:
    """Give the world the identifier key, which a deployment of before lacks."""
    secrets = Secrets(lambda: Vault(**{"identifier-key": ["a secret of forty different letters, 0123"]}), lambda: 300.0)
    world.identifiers = Identifiers(secrets, lambda: "identifier-key")
    vars(world).pop("calendar_service", None)


def test_a_call_before_an_upgrade_and_after_it_creates_a_single_event(world: TenantWorld) -> None:
    """Graph does not recognize the new transactionId as that of the event of before, so the event is looked for. Any
    caller may have made it: nobody is told its link.
    """
    key = {"headers": {"idempotency-key": "order-1"}}
    before = json_of(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key)
    upgrade(world)
    without_link = before | {"joinUrl": None, "joinUrlMissing": "not_told"}
    for _ in range(2):
        assert json_of(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key) == without_link
    assert len(truth(world)) == 1


def test_a_key_belongs_to_its_caller(world: TenantWorld) -> None:
    """Another caller with the same key gets an event of its own, and its transactionId cannot be computed."""
    upgrade(world)
    request, service = read_new_event(MEETING), world.calendar_service
    mine = [service.create_event(USER, "", request, "order-1", "app-1")["id"] for _ in range(2)]
    other = service.create_event(USER, "", request, "order-1", "app-2")["id"]
    assert mine[0] == mine[1] != other
    former = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{USER}\n\norder-1"))
    transactions = [event["transactionId"] for event in truth(world)]
    assert len(set(transactions) - {former}) == len(transactions) == 2


def test_an_event_that_graph_reports_as_duplicate_is_returned(world: TenantWorld) -> None:
    """Graph may reject a repeated transactionId, even for the same event."""
    key = {"headers": {"idempotency-key": "order-1"}}
    first = json_of(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key)
    error = {"error": {"code": "ErrorDuplicateTransactionId", "message": "x"}}
    for status in (400, 409):
        fault = {"match": "POST /v1.0/users/.*", "status": status, "body": error, "times": 1}
        world.control("POST", "/faults", fault)
        again = json_of(create_event, 201, body=MEETING | {"teamsMeeting": True}, route_params=AT, **key)
        assert again == first
    assert len(truth(world)) == 1


@pytest.mark.parametrize("key", ["", "two\twords", "x" * 256, "é"])
def test_an_idempotency_key_has_printable_ascii_characters_only(world: TenantWorld, key: str) -> None:
    """A key has 1 to 128 of them, as for slot bookings; of an event also those that version 1 took."""
    detail = problem(create_event, 422, body=MEETING, route_params=AT, headers={"idempotency-key": key})
    assert "Idempotency-Key" in detail


def test_a_change_affects_only_its_own_fields(world: TenantWorld) -> None:
    """Fields that are not in the body keep their values."""
    event = created(location="Here", showAs="tentative")
    changed = json_of(change_event, 200, method="PATCH", body={"title": "Another"}, route_params=at(event))
    assert changed == event | {"title": "Another", "etag": changed["etag"]}
    assert changed["etag"] != event["etag"]
    (stored,) = truth(world)
    assert (stored["location"]["displayName"], stored["showAs"]) == ("Here", "tentative")
    moved = {"start": "2026-12-03", "end": "2026-12-04", "allDay": True, "reminderMinutes": None}
    assert json_of(change_event, 200, method="PATCH", body=moved, route_params=at(event))["allDay"] is True
    assert truth(world)[0]["isReminderOn"] is False


@pytest.mark.parametrize(
    "body",
    [{}, {"start": "2026-12-01T09:00:00Z"}, {"end": "2026-12-01T09:00:00Z"}, {"timeZone": "UTC"}, {"allDay": True},
     {"recurrence": None}, {"title": None}, {"id": "x"}, {"start": "", "end": ""}],
)  # fmt: skip
def test_an_invalid_change_is_rejected(world: TenantWorld, body: object) -> None:
    """Start and end must come together, and at least one field must be given."""
    event = created()
    problem(change_event, 422, method="PATCH", body=body, route_params=at(event))
    assert json_of(get_event, 200, method="GET", route_params=at(event)) == event


def test_if_match_protects_a_newer_change(world: TenantWorld) -> None:
    """An old etag is a 412 for PATCH and DELETE; without If-Match the last writer wins."""
    event = created()
    world.control("PATCH", f"/calendars/{USER}/events/{event['id']}", {"subject": "By a person"})
    old = {"headers": {"if-match": event["etag"]}}
    assert "no longer has the etag in If-Match" in problem(
        change_event, 412, method="PATCH", body={"title": "x"}, route_params=at(event), **old
    )
    problem(delete_event, 412, method="DELETE", route_params=at(event), **old)
    assert truth(world)[0]["subject"] == "By a person"
    new = json_of(get_event, 200, method="GET", route_params=at(event))["etag"]
    json_of(change_event, 200, method="PATCH", body={"title": "x"}, route_params=at(event), headers={"if-match": new})
    json_of(change_event, 200, method="PATCH", body={"title": "y"}, route_params=at(event))
    assert "If-Match" in problem(
        change_event, 422, method="PATCH", body={"title": "z"}, route_params=at(event), headers={"if-match": "a b"}
    )
