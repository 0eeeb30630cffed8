"""What Graph's documents leave open, and an app must bear, when it makes and moves events."""

from typing import Any

import pytest

from tests.support.graph_world import APP, IMMUTABLE, USER, World, refusal
from tests.unit.sandbox.graph.test_extended_properties import WEEKLY, WINDOW

pytestmark = pytest.mark.server

EVENTS = f"/users/{USER}/events"
VIEW = f"/users/{USER}/calendarView?{WINDOW}"


@pytest.fixture(autouse=True)
def _writer(world: World) -> None:
    """Let the app write."""
    world.tenant.clients[APP].roles = {"Calendars.ReadWrite"}


def at(hour: int, day: int = 1) -> dict[str, Any]:
    """Return the times of an hour."""
    return {name: {"dateTime": f"2026-12-{day:02}T{hour + more:02}:00:00", "timeZone": "UTC"}
            for more, name in enumerate(("start", "end"))}  # fmt: skip


def body(**more: Any) -> dict[str, Any]:
    """Return the body of an event with a transactionId."""
    return {"subject": "Visit", **at(9), "transactionId": "t-1", **more}


def events(world: World) -> list[dict[str, Any]]:
    """Return the mailbox's events."""
    return list(world.get(EVENTS)["value"])


def test_a_transaction_is_forgotten_after_five_minutes(world: World) -> None:
    """Until then the same POST answers with the event; afterwards it makes a second one."""
    first = world.graph("POST", EVENTS, body()).json()
    world.tenant.clock.advance(299)
    assert world.graph("POST", EVENTS, body()).json()["id"] == first["id"]
    world.tenant.clock.advance(2)
    second = world.graph("POST", EVENTS, body())
    assert (second.status_code, len(events(world))) == (201, 2)


def test_a_transaction_of_a_deleted_event_is_used_up(world: World) -> None:
    """The same POST is refused, as one for a different event."""
    event = world.graph("POST", EVENTS, body()).json()
    world.graph("DELETE", f"{EVENTS}/{event['id']}")
    assert refusal(world.graph("POST", EVENTS, body())) == (409, "ErrorDuplicateTransactionId")
    assert events(world) == []


def test_the_status_of_a_used_transaction_is_a_setting(world: World) -> None:
    """The code stays."""
    world.control("POST", "/settings", {"transactionStatus": 400})
    world.graph("POST", EVENTS, body())
    answer = world.graph("POST", EVENTS, body(**at(11)))
    assert refusal(answer) == (400, "ErrorDuplicateTransactionId")


def test_a_used_transaction_may_name_its_event(world: World) -> None:
    """By the setting, and while the event is there."""
    world.control("POST", "/settings", {"transactionNamesEvent": True})
    world.graph("POST", EVENTS, body())
    named = world.graph("POST", EVENTS, body(**at(11))).json()["error"]["@event.existingEventId"]
    assert world.graph("DELETE", f"{EVENTS}/{named}").status_code == 204
    assert "@event.existingEventId" not in world.graph("POST", EVENTS, body(**at(11))).json()["error"]


def test_an_event_exists_although_graph_answers_503(world: World) -> None:
    """The repeated POST answers with it."""
    fault = {"match": f"POST /v1.0/users/{USER}/events", "status": 503, "after": True, "times": 1}
    world.control("POST", "/faults", fault)
    assert world.graph("POST", EVENTS, body()).status_code == 503
    (made,) = events(world)
    assert world.graph("POST", EVENTS, body()).json()["id"] == made["id"]


def test_an_etag_can_be_ignored(world: World) -> None:
    """By the setting, since no page says that Outlook compares it; the last writer then wins."""
    event = world.graph("POST", EVENTS, body()).json()
    path, old = f"{EVENTS}/{event['id']}", event["@odata.etag"]
    world.graph("PATCH", path, {"subject": "x"})
    assert refusal(world.graph("PATCH", path, {"subject": "y"}, If_Match=old))[0] == 412
    world.control("POST", "/settings", {"honoursIfMatch": False})
    assert world.graph("PATCH", path, {"subject": "y"}, If_Match=old).status_code == 200
    assert world.graph("DELETE", path, If_Match=old).status_code == 204


def test_a_series_that_moves_has_other_occurrences(world: World) -> None:
    """With other ids in both forms, and original starts at the new hour; the old ids are unknown."""
    master = world.graph("POST", EVENTS, body(recurrence=WEEKLY)).json()
    before = world.get(VIEW, **IMMUTABLE)["value"]
    assert [each["originalStart"][:13] for each in before] == [f"2026-12-{day}T09" for day in ("01", "08", "15")]
    world.graph("PATCH", f"{EVENTS}/{master['id']}", at(10))
    after = world.get(VIEW, **IMMUTABLE)["value"]
    assert [each["originalStart"][:13] for each in after] == [f"2026-12-{day}T10" for day in ("01", "08", "15")]
    assert not {each["id"] for each in before} & {each["id"] for each in after}
    assert {each["seriesMasterId"] for each in before} == {each["seriesMasterId"] for each in after}
    assert refusal(world.graph("GET", f"{EVENTS}/{before[0]['id']}")) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize("day", [1, 15, 14, 16, 22], ids=lambda day: f"to-{day}")
def test_an_occurrence_does_not_cross_its_neighbours(world: World, day: int) -> None:
    """Moved between them it is accepted; onto or past the day of one it is refused, and stays."""
    world.graph("POST", EVENTS, body(recurrence=WEEKLY))
    middle = world.get(VIEW)["value"][1]
    answer = world.graph("PATCH", f"{EVENTS}/{middle['id']}", at(12, day))
    if 1 < day < 15:
        assert answer.status_code == 200
        return
    assert refusal(answer) == (400, "ErrorOccurrenceCrossingBoundary")
    assert [each["start"]["dateTime"][8:13] for each in world.get(VIEW)["value"]] == ["01T09", "08T09", "15T09"]
