"""Extended properties: a mark on an event, read by $expand and found by $filter."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.graph_world import APP, USER, World, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{USER}/events"
WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
VIEW = f"/users/{USER}/calendarView?{WINDOW}"
MARK = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name Booking"
EXPAND = "$expand=" + quote(f"singleValueExtendedProperties($filter=id eq '{MARK}')")
WEEKLY = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
          "range": {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 3}}  # fmt: skip


@pytest.fixture(autouse=True)
def _writer(world: World) -> None:
    """Let the app write."""
    world.tenant.clients[APP].roles = {"Calendars.ReadWrite"}


def body(value: str | None = "b-1", **more: Any) -> dict[str, Any]:
    """Return the body of an event with the mark."""
    marked = {} if value is None else {"singleValueExtendedProperties": [{"id": MARK, "value": value}]}
    times = {name: {"dateTime": f"2026-12-01T{hour}:00:00", "timeZone": "UTC"}
             for name, hour in (("start", "09"), ("end", "10"))}  # fmt: skip
    return {"subject": "Visit", **times, **marked, **more}


def created(world: World, **more: Any) -> dict[str, Any]:
    """Make an event with the mark and return it."""
    answer = world.graph("POST", EVENTS, body(**more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def marks(item: dict[str, Any]) -> list[dict[str, str]]:
    """Return the extended properties in an answer."""
    return list(item.get("singleValueExtendedProperties", []))


def filtered(value: str, name: str = MARK) -> str:
    """Return a $filter by the mark."""
    any_of = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
    return "$filter=" + quote(any_of)


def test_a_mark_is_read_by_expand_alone(world: World) -> None:
    """The answer of the creation and a plain GET have none; another id expands nothing."""
    event = created(world)
    path = f"{EVENTS}/{event['id']}"
    assert marks(event) == marks(world.get(path)) == []
    assert marks(world.get(f"{path}?{EXPAND}")) == [{"id": MARK, "value": "b-1"}]
    assert marks(world.get(f"{path}?{EXPAND.replace('Booking', 'booking')}")) == []
    assert marks(world.get(f"{path}?$select=id&{EXPAND}")) == [{"id": MARK, "value": "b-1"}]


def test_occurrences_have_the_mark_of_their_series(world: World) -> None:
    """In a calendar view and among instances; a changed occurrence keeps it."""
    master = created(world, recurrence=WEEKLY)
    view = world.get(f"{VIEW}&{EXPAND}")["value"]
    instances = world.get(f"{EVENTS}/{master['id']}/instances?{WINDOW}&{EXPAND}")["value"]
    assert [marks(each) for each in (*view, *instances)] == [[{"id": MARK, "value": "b-1"}]] * 6
    world.graph("PATCH", f"{EVENTS}/{view[0]['id']}", {"subject": "Other"})
    assert marks(world.get(f"{EVENTS}/{view[0]['id']}?{EXPAND}")) == [{"id": MARK, "value": "b-1"}]


def test_a_filter_by_the_mark_returns_its_event(world: World) -> None:
    """The value in other letters finds it, the name in other letters does not; the answer does not contain the mark."""
    event = created(world)
    created(world, value="b-2")
    created(world, value=None)
    (item,) = world.get(f"{EVENTS}?{filtered('B-1')}")["value"]
    assert (item["id"], marks(item)) == (event["id"], [])
    (item,) = world.get(f"{EVENTS}?{filtered('b-1')}&{EXPAND}")["value"]
    assert marks(item) == [{"id": MARK, "value": "b-1"}]
    assert world.get(f"{EVENTS}?{filtered('b-1', MARK.replace('Booking', 'booking'))}")["value"] == []
    assert world.get(f"{EVENTS}?{filtered('')}")["value"] == []


def test_a_mark_is_looked_for_among_a_mailbox_s_events_only(world: World) -> None:
    """A calendar view and a calendar's events refuse the $filter."""
    created(world)
    calendar = world.get(f"/users/{USER}/calendar")["id"]
    for path in (VIEW + "&", f"/users/{USER}/calendar/events?", f"/users/{USER}/calendars/{calendar}/events?"):
        assert refusal(world.graph("GET", path + filtered("b-1"))) == (400, "ErrorInvalidUrlQueryFilter")


def test_a_change_replaces_a_mark(world: World) -> None:
    """A PATCH without it keeps it."""
    path = f"{EVENTS}/{created(world)['id']}"
    world.graph("PATCH", path, {"subject": "Other"})
    assert marks(world.get(f"{path}?{EXPAND}"))[0]["value"] == "b-1"
    world.graph("PATCH", path, {"singleValueExtendedProperties": [{"id": MARK, "value": "b-2"}]})
    assert marks(world.get(f"{path}?{EXPAND}"))[0]["value"] == "b-2"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ([{"id": "Booking", "value": "x"}], "ErrorInvalidProperty"),
        ([{"id": "Text {66f5a359-4659-4830-9070-00040ec6ac6e} Name Booking", "value": "x"}], "ErrorInvalidProperty"),
        ([{"id": MARK}], "ErrorInvalidProperty"),
        ([{"id": MARK, "value": 1}], "RequestBodyRead"),
    ],
    ids=["no-guid", "unknown-kind", "no-value", "number"],
)
def test_a_malformed_property_gets_400(world: World, properties: list[dict[str, Any]], code: str) -> None:
    """And no event is made."""
    answer = world.graph("POST", EVENTS, body(None, singleValueExtendedProperties=properties))
    assert refusal(answer) == (400, code)
    assert world.get(EVENTS)["value"] == []


def test_another_expand_is_refused(world: World) -> None:
    """Without a $filter of ids, or of another property."""
    for expand in (
        "singleValueExtendedProperties",
        "attachments",
        "singleValueExtendedProperties($filter=value eq 'b')",
    ):
        assert refusal(world.graph("GET", f"{EVENTS}?$expand={quote(expand)}"))[0] == 400


def test_a_copy_keeps_the_mark_unless_it_is_bare(world: World) -> None:
    """It is an event of its own, without the transactionId."""
    event = created(world, transactionId="t-1")
    control = f"/calendars/{USER}/events/{event['id']}/copy"
    copied = world.control("POST", control, {"start": "2026-12-03T09:00:00", "end": "2026-12-03T10:00:00"})
    bare = world.control("POST", control, {"bare": True})
    assert [each["extendedProperties"] for each in (copied, bare)] == [{MARK: "b-1"}, {}]
    assert len({event["id"], copied["id"], bare["id"]}) == 3
    assert copied["transactionId"] is None
    assert copied["start"]["dateTime"][:13] == "2026-12-03T09"
