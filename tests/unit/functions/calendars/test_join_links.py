"""The link of a Teams meeting is given to the call that made the meeting online, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from functions.calendars import change_event, get_event
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import at, created

pytestmark = pytest.mark.server

ONLINE = {"teamsMeeting": True}


def changed(event: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Ask for a Teams meeting in an event that stands."""
    return json_of(change_event, 200, method="PATCH", body=ONLINE, route_params=at(event), headers=headers)


@pytest.mark.parametrize("sensitivity", ["normal", "private", "confidential"])
def test_a_meeting_that_was_online_before_keeps_its_link(world: TenantWorld, sensitivity: str) -> None:
    """Whoever made it online: a caller of the relay, or a person; the answer says why there is no link."""
    event = created(**ONLINE)
    world.control("PATCH", f"/calendars/{USER}/events/{event['id']}", {"sensitivity": sensitivity})
    again = changed(event)
    assert (again["joinUrl"], again["joinUrlMissing"]) == (None, "not_told")
    assert "teams.microsoft.com" not in str(again)


def test_the_call_that_makes_it_online_gets_the_link(world: TenantWorld) -> None:
    """With If-Match, too; a second call does not."""
    event = created()
    first = changed(event, **{"if-match": event["etag"]})
    assert first["joinUrl"].startswith("https://teams.microsoft.com/")
    assert first["joinUrlMissing"] is None
    assert changed(event)["joinUrl"] is None
    assert "joinUrl" not in json_of(get_event, 200, method="GET", route_params=at(event))


def test_a_link_that_comes_late_is_looked_for_and_its_absence_is_said(world: TenantWorld) -> None:
    """Graph may answer a write without the link: the event is read once more, and no error of that is the caller's."""
    world.control("POST", "/behaviours", {"on": {"linkLate": True}})
    assert created(**ONLINE)["joinUrl"].startswith("https://teams.microsoft.com/")
    world.control("POST", "/behaviours", {"on": {"createdUnseenSeconds": 30}})
    late = created(**ONLINE)
    assert (late["joinUrl"], late["joinUrlMissing"]) == (None, "not_yet")


def test_the_second_of_two_calls_gets_no_link(world: TenantWorld) -> None:
    """The second finds the event changed, reads it again and is not told; with If-Match it is refused."""
    event = created()
    body: dict[str, Any] = {"error": {"code": "ErrorIrresolvableConflict", "message": "x"}}
    fault = {"match": f"PATCH /v1.0/users/{USER}/events/.*", "status": 412, "body": body, "times": 1, "after": True}
    world.control("POST", "/faults", fault)  # the change is made, as by another caller, and this call finds it made
    assert changed(event)["joinUrlMissing"] == "not_told"
    assert problem(
        change_event, 412, method="PATCH", body=ONLINE, route_params=at(event), headers={"if-match": event["etag"]}
    )
    assert changed(event, **{"if-match": "*"})["joinUrlMissing"] == "not_told"
