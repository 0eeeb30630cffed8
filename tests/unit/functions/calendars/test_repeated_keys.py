"""An Idempotency-Key that is used again: the same call gets the same event, and any other call 422."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.calendars import change_event, create_event
from shared.storage.deletion.call_rows import FIRST_CALLS_KEPT
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, MEETING, truth
from tests.unit.functions.calendars.test_calendar_events import upgrade
from tests.unit.functions.conftest import call

pytestmark = pytest.mark.server

KEY: dict[str, Any] = {"headers": {"idempotency-key": "order-17"}}
GUEST = {"address": "ola@contoso.com"}
FIRST = MEETING | {"location": "Here", "attendees": [GUEST], "showAs": "tentative", "reminderMinutes": 15}
CHANGES: dict[str, dict[str, Any]] = {
    "start": {"start": "2026-12-01T09:05:00"}, "end": {"end": "2026-12-01T10:05:00"},
    "the same clock in another zone": {"timeZone": "Europe/London"}, "title": {"title": "canary Budget"},
    "another day": {"start": "2026-12-09T09:00:00", "end": "2026-12-09T10:00:00"},
    "all day": {"allDay": True, "start": "2026-12-01", "end": "2026-12-02"},
    "attendees": {"attendees": [GUEST, {"address": "per@contoso.com"}]}, "no attendees": {"attendees": []},
    "kind of attendee": {"attendees": [GUEST | {"type": "optional"}]}, "availability": {"showAs": "busy"},
    "location": {"location": "There"}, "reminder": {"reminderMinutes": None}, "meeting": {"teamsMeeting": True},
    "recurrence": {"recurrence": {"every": "day", "count": 2}},
}  # fmt: skip


def create(**changes: Any) -> dict[str, Any]:
    """Create an event with the key, or get it again."""
    return json_of(create_event, 201, body=FIRST | changes, route_params=AT, **KEY)


def refused(**changes: Any) -> str:
    """Return the detail of a refusal."""
    return problem(create_event, 422, body=FIRST | changes, route_params=AT, **KEY)


@pytest.mark.parametrize("change", CHANGES)
def test_another_call_with_the_key_is_refused(world: TenantWorld, change: str) -> None:
    """Whatever differs; and the first call is still answered with its event."""
    first = create()
    assert "Idempotency-Key" in refused(**CHANGES[change])
    assert create()["id"] == first["id"]
    assert len(truth(world)) == 1


@pytest.mark.parametrize(("length", "is_old"), [(128, False), (129, True), (255, True)])
def test_a_key_of_version_1_is_an_old_spelling(world: TenantWorld, length: int, is_old: bool) -> None:  # noqa: FBT001
    """It had up to 255 characters: such a key creates one event still, and its answers say that it is deprecated."""
    key: dict[str, Any] = {"headers": {"idempotency-key": "x" * length}, "route_params": AT}
    answers = [call(create_event, body=MEETING, **key) for _ in range(2)]
    refused = call(create_event, body=MEETING | {"title": "Another"}, **key)
    assert [answer.status_code for answer in (*answers, refused)] == [201, 201, 422]
    assert answers[0].get_body() == answers[1].get_body()
    assert {"Deprecation" in answer.headers for answer in (*answers, refused)} == {is_old}
    assert len(truth(world)) == 1


def test_an_event_that_was_changed_since_is_returned_to_its_own_call(world: TenantWorld) -> None:
    """By the partner or in Outlook: what was asked first counts, not what the calendar has now."""
    first = create()
    moved = {"start": "2026-12-01T12:00:00Z", "end": "2026-12-01T13:00:00Z", "title": "Another"}
    json_of(change_event, 200, method="PATCH", body=moved, route_params={**AT, "id": first["id"]})
    assert create()["id"] == first["id"]
    assert "Idempotency-Key" in refused(**moved)


def test_a_call_that_graph_refuses_uses_no_key_up(world: TenantWorld) -> None:
    """Nothing was created, so the corrected call is the first."""
    fault = {"match": "POST /v1.0/users/.*", "status": 400, "body": {"error": {"code": "ErrorInvalid"}}, "times": 1}
    world.control("POST", "/faults", fault)
    assert "Outlook rejects" in refused()
    create(title="Another")


def test_a_call_without_an_answer_keeps_its_key(world: TenantWorld) -> None:
    """The event may exist."""
    fault = {"match": "POST /v1.0/users/.*", "status": 503, "times": 1, "after": True}
    world.control("POST", "/faults", fault)
    problem(create_event, 503, body=FIRST, route_params=AT, **KEY)
    assert "Idempotency-Key" in refused(title="Another")
    create()
    assert len(truth(world)) == 1


@pytest.mark.parametrize("with_secret", [True, False])
def test_a_key_of_an_earlier_version_is_compared_with_its_event(world: TenantWorld, *, with_secret: bool) -> None:
    """There is no row of its first call."""
    first = create()
    for row in [row for row in world.rows.rows.values() if row["PartitionKey"] == "first-call"]:
        world.rows.delete_entity(row)
    if with_secret:
        upgrade(world)
    assert "Idempotency-Key" in refused(start="2026-12-01T09:30:00")
    for row in [row for row in world.rows.rows.values() if row["PartitionKey"] == "first-call"]:
        world.rows.delete_entity(row)
    assert create()["id"] == first["id"]


def test_a_refused_call_is_not_taken_for_the_first_call_of_its_key(world: TenantWorld) -> None:
    """Without a row of the first call, such as of an old one: the refused call is refused again, the first is not."""
    first = create()
    for row in [row for row in world.rows.rows.values() if row["PartitionKey"] == "first-call"]:
        world.rows.delete_entity(row)
    for _ in range(2):
        assert "Idempotency-Key" in refused(start="2026-12-01T09:30:00")
    assert create()["id"] == first["id"]
    assert len(truth(world)) == 1


def test_the_row_holds_no_title_and_no_address(world: TenantWorld) -> None:
    """Only keyed hashes and a time; old rows go when others are written."""
    create()
    rows = [dict(row) for row in world.rows.rows.values() if row["PartitionKey"] == "first-call"]
    assert [row.keys() for row in rows] == [{"PartitionKey", "RowKey", "id", "content_hash", "since"}]
    assert not any(word in str(rows) for word in ("anary", "ola@", USER, "order-17", "2026-12"))
    world.time += FIRST_CALLS_KEPT + timedelta(days=1)
    for number in range(40):  # one in sixteen deletes what is old
        key: dict[str, Any] = {"headers": {"idempotency-key": f"later-{number}"}}
        json_of(create_event, 201, body=FIRST, route_params=AT, **key)
    assert rows[0]["RowKey"] not in {row["RowKey"] for row in world.rows.rows.values()}
