"""The simulated getSchedule: its responses fit Graph's published types, and its errors are Graph's."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tenant.graph.schedules import MOST_ITEMS
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, USER, World, fits, refusal

pytestmark = pytest.mark.server

PATH = f"/users/{USER}/calendar/getSchedule"
DAY = {"StartTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"},
       "EndTime": {"dateTime": "2026-12-02T00:00:00", "timeZone": "UTC"}}  # fmt: skip


def schedules(world: World, *mailboxes: str, **changes: Any) -> list[dict[str, Any]]:
    """Return the day's schedules; each fits Graph's type."""
    answer = world.graph("POST", PATH, {"Schedules": [*(mailboxes or (USER,))], **DAY, **changes})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    assert all(fits("scheduleInformation", one) for one in found)
    return found


def test_busy_times_have_digits_and_items(world: World) -> None:
    """The busiest status of an interval gives its digit; cancelled meetings are left out."""
    for hour, shown in enumerate(("busy", "tentative", "oof", "free", "workingElsewhere"), start=8):
        times = {"start": f"2026-12-01T{hour:02}:00:00", "end": f"2026-12-01T{hour:02}:30:00"}
        world.book(USER, subject="x", showAs=shown, **times)
    gone = world.book(USER, start="2026-12-01T20:00:00", end="2026-12-01T21:00:00")
    world.control("POST", f"/calendars/{USER}/events/{gone['id']}/cancel")
    (told,) = schedules(world, AvailabilityViewInterval=60)
    assert told["availabilityView"] == "000000002130000000000000"
    assert [one["status"] for one in told["scheduleItems"]] == ["busy", "tentative", "oof", "free", "workingElsewhere"]
    assert told["scheduleItems"][0]["start"] == {"dateTime": "2026-12-01T08:00:00.0000000", "timeZone": "UTC"}
    assert told["workingHours"]["timeZone"]["name"] == "Pacific Standard Time"


def test_a_private_meeting_hides_its_subject_and_location(world: World) -> None:
    """Other meetings show both, as sharing within the tenant allows."""
    for hour, sensitivity in ((8, "normal"), (9, "private")):
        times = {"start": f"2026-12-01T{hour:02}:00:00", "end": f"2026-12-01T{hour:02}:30:00"}
        world.book(USER, subject="Plans", location="Here", sensitivity=sensitivity, **times)
    one, other = schedules(world)[0]["scheduleItems"]
    assert (one["subject"], one["location"], one["isPrivate"]) == ("Plans", "Here", False)
    assert other.keys() == {"isPrivate", "status", "start", "end"}


def test_the_schedules_keep_the_order_of_the_request(world: World) -> None:
    """Also with an unknown address, and a mailbox with more than a thousand entries, which are errors."""
    told = schedules(world, ROOM, "no@contoso.com", OTHER_ROOM)
    assert [one["scheduleId"] for one in told] == [ROOM, "no@contoso.com", OTHER_ROOM]
    assert told[1]["error"]["responseCode"] == "ErrorMailRecipientNotFound"
    assert "error" not in told[2]
    for hour in range(10, 21):
        times = {"start": f"2026-12-01T{hour}:00:00", "end": f"2026-12-01T{hour}:30:00"}
        for _ in range(MOST_ITEMS // 330 + 1):
            world.book(USER, rrule="FREQ=DAILY;COUNT=30", **times)
    month = {"EndTime": {"dateTime": "2027-01-01T00:00:00", "timeZone": "UTC"}}
    assert schedules(world, USER, **month)[0]["error"]["responseCode"] == "5006"


def test_control_sets_valid_working_hours(world: World) -> None:
    """They must fit Graph's type, with a known zone or a bias."""
    hours = {"daysOfWeek": ["monday"], "startTime": "09:00:00.0000000", "endTime": "17:00:00.0000000"}
    for zone in ({"name": "Europe/Oslo"}, {"name": "Customized Time Zone", "bias": 60}):
        world.control("PUT", f"/calendars/{USER}/workingHours", {**hours, "timeZone": zone})
        told = world.graph("POST", PATH, {"Schedules": [USER], **DAY}).json()["value"][0]
        assert told["workingHours"] == {**hours, "timeZone": zone}
    for wrong in ({"timeZone": {"name": "Mars"}}, {"daysOfWeek": ["funday"]}, {"endTime": 5}, {"lunch": "12"}):
        body = {**hours, "timeZone": {"name": "UTC"}, **wrong}
        world.control("PUT", f"/calendars/{USER}/workingHours", body, status=400)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"Schedules": []}, "ErrorInvalidParameter"), ({"Schedules": None}, "ErrorInvalidParameter"),
     ({"Schedules": [USER] * 21}, "ErrorInvalidParameter"), ({"Subject": 1}, "RequestBodyRead"),
     ({"EndTime": DAY["StartTime"]}, "ErrorInvalidTimeInterval"), ({"StartTime": "2026-12-01"}, "RequestBodyRead"),
     ({"AvailabilityViewInterval": 4}, "ErrorInvalidMergedFreeBusyInterval"),
     ({"AvailabilityViewInterval": 1440, "EndTime": {"dateTime": "2026-12-01T23:59:00", "timeZone": "UTC"}},
      "ErrorInvalidTimeInterval"),
     ({"EndTime": {"dateTime": "2027-03-02T00:00:00", "timeZone": "UTC"}}, "ErrorTimeIntervalTooBig"),
     ({"StartTime": {"dateTime": "noon", "timeZone": "UTC"}}, "ErrorInvalidParameter")],
)  # fmt: skip
def test_an_invalid_request_gets_400(world: World, changes: dict[str, Any], code: str) -> None:
    """With Graph's published code, where there is one."""
    body = {"Schedules": [USER], **DAY, **changes}
    assert refusal(world.graph("POST", PATH, body)) == (400, code)


def test_a_permission_to_read_is_needed(world: World) -> None:
    """Without one the call is rejected."""
    world.tenant.clients[APP].roles = {"Place.Read.All"}
    assert world.graph("POST", PATH, {"Schedules": [USER], **DAY}).status_code == 403
    world.tenant.clients[APP].roles = {"Calendars.ReadBasic.All"}
    assert schedules(world)
