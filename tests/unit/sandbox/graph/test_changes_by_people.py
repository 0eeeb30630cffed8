"""Changes that people make: some change the etag and nothing that the partner sees."""

from typing import Any

import pytest

from tests.support.graph_world import ROOM, World, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{ROOM}/events"
CONTROL = f"/calendars/{ROOM}/events"
KARI = {"emailAddress": {"name": "Kari", "address": "kari@contoso.com"}, "type": "required"}
ANSWER = {"response": "accepted", "time": "2026-11-30T10:00:00Z"}
WRITTEN = {"@odata.etag", "changeKey", "lastModifiedDateTime"}


@pytest.mark.parametrize(
    "change",
    [{"attendees": [{**KARI, "status": ANSWER}]}, {"categories": ["Red category"]}, {"reminderMinutesBeforeStart": 5}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_a_detail_is_a_write(world: World, change: dict[str, Any]) -> None:
    """An attendee's answer, a category and a reminder: a new etag and a notification, and all else is as before."""
    world.subscribe()
    path = f"{EVENTS}/{world.book(attendees=[KARI])['id']}"
    before = world.get(path)
    world.control("PATCH", f"{CONTROL}/{before['id']}", change)
    after = world.get(path)
    assert {name for name in after if after[name] != before[name]} == {*change, *WRITTEN}
    assert after["attendees"][0]["status"] == change.get("attendees", before["attendees"])[0]["status"]
    world.flush()
    created, updated = sorted(world.receiver.items, key=lambda item: str(item["changeType"]))
    assert (created["changeType"], updated["changeType"]) == ("created", "updated")
    assert updated["resourceData"]["@odata.etag"] == after["@odata.etag"] != before["@odata.etag"]


def test_a_series_becomes_a_single_event_and_a_series_again(world: World) -> None:
    """Its id stays; its occurrences are unknown meanwhile, and return with their ids. Each change is notified."""
    series = world.book(rrule="FREQ=DAILY;COUNT=3")
    path = f"{EVENTS}/{series['id']}"

    def view() -> list[tuple[str, str]]:
        window = f"startDateTime={world.after(days=-1)}&endDateTime={world.after(days=9)}"
        events = world.get(f"/users/{ROOM}/calendarView?{window}")["value"]
        return [(event["id"], event["type"]) for event in events]

    occurrences = view()
    assert [kind for _, kind in occurrences] == ["occurrence"] * 3
    world.subscribe()
    world.control("PATCH", f"{CONTROL}/{series['id']}", {"rrule": None})
    assert world.get(path)["type"] == "singleInstance"
    assert view() == [(series["id"], "singleInstance")]
    for event_id, _ in occurrences:
        assert refusal(world.graph("GET", f"{EVENTS}/{event_id}")) == (404, "ErrorItemNotFound")
    world.control("PATCH", f"{CONTROL}/{series['id']}", {"rrule": "FREQ=DAILY;COUNT=3"})
    assert world.get(path)["type"] == "seriesMaster"
    assert view() == occurrences
    assert world.flush()["hints"] == 2
    assert {item["resourceData"]["id"] for item in world.receiver.items} == {series["id"]}
