"""Behaviours of Graph: control switches each on, for some mailboxes or all, and a seeded random choice of them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tenant.graph.behaviours import BEHAVIOURS, Behaviour
from sandbox.tenant.graph.switches import Switches, checked
from tests.support.graph_world import APP, IMMUTABLE, OTHER_ROOM, ROOM, USER, World, refusal

NUMBER = Behaviour("delaySeconds", "x", bounds=(0, 30))
CHOICE = Behaviour("word", "x", choices=("a", "b"))
PLAIN = Behaviour("plain", "x", "tenant")
SOME = {each.name: each for each in (NUMBER, CHOICE, PLAIN)}


def test_each_behaviour_has_a_name_bounds_and_a_source() -> None:
    """A number has bounds from 0 up, a word at least two choices; nothing has both."""
    for name, behaviour in BEHAVIOURS.items():
        assert name == behaviour.name
        assert behaviour.source
        assert not (behaviour.bounds and behaviour.choices)
        assert behaviour.bounds is None or 0 <= behaviour.bounds[0] < behaviour.bounds[1]
        assert len(behaviour.choices) != 1


@pytest.mark.parametrize(
    ("behaviour", "value"),
    [(NUMBER, 31), (NUMBER, -1), (NUMBER, [5, 3]), (NUMBER, [0, 31]), (NUMBER, "a"), (NUMBER, [1, 2, 3]), (CHOICE, "c"),
     (CHOICE, 1), (PLAIN, 1), (PLAIN, "a"), (PLAIN, None)],
)  # fmt: skip
def test_another_value_is_refused(behaviour: Behaviour, value: Any) -> None:
    """Outside the bounds, not among the choices, of another type."""
    with pytest.raises(ValueError, match=behaviour.name):
        checked(behaviour, value)


def test_the_same_seed_draws_the_same() -> None:
    """For the first, second, … subject of an address, whatever its id; the same subject keeps its draw."""
    one, other, third = (Switches(seed, SOME) for seed in (7, 7, 8))
    for each in (one, other, third):
        each.switch("delaySeconds", given=True)
        each.switch("word", given=True)
    drawn = [[each.number("delaySeconds", ROOM, f"{index}{number}") for number in range(20)]
             for index, each in enumerate((one, other, third))]  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(0 <= each <= 30 for each in drawn[0])
    assert one.number("delaySeconds", ROOM.upper(), "00") == drawn[0][0]
    words = [one.choice("word", ROOM, str(number)) for number in range(20)]
    assert set(words) == {"a", "b"}


def test_a_value_is_for_addresses_or_for_all() -> None:
    """An address may be left out of what is on for all."""
    switches = Switches(1, SOME)
    switches.switch("delaySeconds", 5)
    switches.switch("delaySeconds", given=False, addresses=[USER])
    switches.switch("word", "b", [ROOM.upper()])
    assert (switches.number("delaySeconds", ROOM), switches.number("delaySeconds", USER)) == (5, 0)
    assert (switches.choice("word", ROOM), switches.choice("word", USER)) == ("b", "")
    with pytest.raises(ValueError, match="addresses"):
        switches.switch("plain", given=True, addresses=[ROOM])
    switches.switch("word", given=False)
    assert not switches.is_on("word", ROOM)


def test_a_random_choice_is_that_of_its_seed() -> None:
    """It replaces what was on; delays have a maximum; some seed chooses each behaviour, and some seed does not."""
    switches, chosen = Switches(), []
    for seed in range(40):
        switches.switch_random(seed, 0.5, longest_seconds=3)
        again = Switches()
        again.switch_random(seed, 0.5, longest_seconds=3)
        assert switches.as_json() == again.as_json()
        chosen.append(set(switches.on))
        assert all(switches.number(name, ROOM, "x") <= 3 for name in switches.on if name.endswith("Seconds"))
    assert set.union(*chosen) == set(BEHAVIOURS)
    assert set.intersection(*chosen) == set()
    switches.switch_random(1, 1.0, ["linkLate"])
    assert set(switches.on) == {"linkLate"}


@pytest.mark.server
def test_control_switches_behaviours(world: World) -> None:
    """It tells the known ones, and refuses unknown names, values and keys with the reason."""
    assert set(world.control("GET", "/behaviours")["known"]) == set(BEHAVIOURS)
    on = world.control("POST", "/behaviours", {"on": {"createdUnseenSeconds": [0, 5]}, "of": [ROOM]})["on"]
    assert on == {"createdUnseenSeconds": {ROOM: [0, 5]}}
    drawn = world.control("POST", "/behaviours/random", {"seed": 3, "share": 1, "names": ["linkLate"]})
    assert (drawn["seed"], drawn["on"]) == (3, {"linkLate": {"": True}})
    assert world.control("DELETE", "/behaviours")["on"] == {}
    for path, body in (
        ("", {"on": {"x": True}}), ("", {"on": {"linkLate": 3}}), ("", {"off": {}}),
        ("/random", {"seed": 1, "names": ["x"]}), ("/random", {"seed": 1, "share": 2}),
    ):  # fmt: skip
        assert world.control("POST", f"/behaviours{path}", body, status=400)["error"]


@pytest.mark.server
def test_a_new_event_is_readable_late(world: World) -> None:
    """By its id, and its calendar likewise; views have it. A write by its id works, and another mailbox is as ever."""
    world.control("POST", "/behaviours", {"on": {"createdUnseenSeconds": 20}, "of": [ROOM]})
    event, other = world.book(), world.book(OTHER_ROOM)
    path = f"/users/{ROOM}/events/{event['id']}"
    for step in ("", "/calendar"):
        assert refusal(world.graph("GET", path + step)) == (404, "ErrorItemNotFound")
    assert [each["id"] for each in world.get(f"/users/{ROOM}/events")["value"]] == [event["id"]]
    world.get(f"/users/{OTHER_ROOM}/events/{other['id']}")
    world.control("POST", "/clock", {"advanceSeconds": 21})
    assert world.get(path)["id"] == event["id"]
    assert world.get(f"{path}/calendar")["isDefaultCalendar"] is True


def titles(world: World) -> list[str]:
    """Return the titles in the view of the room, and assert that the list agrees."""
    window = f"startDateTime={world.after(days=-1)}&endDateTime={world.after(days=9)}"
    seen = [event["subject"] for event in world.get(f"/users/{ROOM}/calendarView?{window}&$top=99")["value"]]
    listed = {event["subject"] for event in world.get(f"/users/{ROOM}/events?$top=99")["value"]}
    assert listed == set(seen)
    return seen


@pytest.mark.server
def test_lists_show_a_write_late(world: World) -> None:
    """A new event is missing, a changed one as it was, a deleted one still there; reads by id tell the truth."""
    kept, gone = world.book(subject="kept", direct=True), world.book(subject="gone", direct=True)
    world.control("POST", "/behaviours", {"on": {"listLagSeconds": 60}})
    path = f"/calendars/{ROOM}/events"
    world.control("PATCH", f"{path}/{kept['id']}", {"subject": "changed"})
    world.control("DELETE", f"{path}/{gone['id']}")
    new = world.book(subject="new", direct=True)
    assert sorted(titles(world)) == ["gone", "kept"]
    assert world.get(f"/users/{ROOM}/events/{kept['id']}")["subject"] == "changed"
    assert world.get(f"/users/{ROOM}/events/{new['id']}")["subject"] == "new"
    assert refusal(world.graph("GET", f"/users/{ROOM}/events/{gone['id']}"))[0] == 404
    world.control("POST", "/clock", {"advanceSeconds": 61})
    assert sorted(titles(world)) == ["changed", "new"]


@pytest.mark.server
def test_lists_show_a_change_of_a_series_late(world: World) -> None:
    """A moved occurrence and a removed one are as they were; the ids of occurrences are read as ever."""
    world.book(subject="daily", direct=True, rrule="FREQ=DAILY;COUNT=3")
    window = f"startDateTime={world.after(days=-1)}&endDateTime={world.after(days=9)}"
    first, second, _ = world.get(f"/users/{ROOM}/calendarView?{window}")["value"]
    world.control("POST", "/behaviours", {"on": {"listLagSeconds": 60}})
    world.control("PATCH", f"/calendars/{ROOM}/events/{first['id']}", {"subject": "moved"})
    world.control("DELETE", f"/calendars/{ROOM}/events/{second['id']}")
    seen = [each["subject"] for each in world.get(f"/users/{ROOM}/calendarView?{window}")["value"]]
    assert seen == ["daily"] * 3
    assert world.get(f"/users/{ROOM}/events/{first['id']}")["subject"] == "moved"
    world.control("POST", "/clock", {"advanceSeconds": 61})
    seen = [each["subject"] for each in world.get(f"/users/{ROOM}/calendarView?{window}")["value"]]
    assert seen == ["moved", "daily"]


@pytest.mark.server
def test_notifications_come_late(world: World) -> None:
    """Of the mailbox that is concerned, and by the tenant's seconds."""
    world.subscribe()
    world.control("POST", "/behaviours", {"on": {"hintDelaySeconds": 100}, "of": [ROOM]})
    world.book()
    before = world.control("GET", "/notifications")
    assert before["pending"] >= 1
    world.control("POST", "/clock", {"advanceSeconds": 110})
    world.flush()
    assert world.receiver.items


@pytest.mark.server
@pytest.mark.parametrize(
    ("hint", "kinds"), [("deleted", ["deleted"]), ("updated", ["updated"]), ("both", ["deleted", "updated"])]
)
def test_a_deletion_by_an_app_moves_to_deleted_items(world: World, hint: str, kinds: list[str]) -> None:
    """GET by the immutable id still finds it, views do not; a second DELETE is for good."""
    world.control("POST", "/settings", {"hintsPerChange": [1, 1]})
    event = world.book(USER)
    world.subscribe(IMMUTABLE, resource=f"users/{USER}/events")
    world.control("POST", "/behaviours", {"on": {"deletesToDeletedItems": True, "deletedItemsHint": hint}})
    path = f"/users/{USER}/events/{event['immutableId']}"
    world.control("POST", f"/clients/{APP}", {"roles": ["Calendars.Read", "Calendars.ReadWrite"]})
    assert world.graph("DELETE", path).status_code == 204
    assert world.get(path)["subject"] == event["subject"]
    assert world.get(f"/users/{USER}/events")["value"] == []
    world.flush()
    assert sorted(item["changeType"] for item in world.receiver.items) == kinds
    assert world.graph("DELETE", path).status_code == 204
    assert refusal(world.graph("GET", path)) == (404, "ErrorItemNotFound")


@pytest.mark.server
@pytest.mark.parametrize(
    ("code", "status"), [("MailboxNotEnabledForRESTAPI", 404), ("ErrorMailboxMoveInProgress", 503)]
)
def test_a_mailbox_that_is_moved_answers_an_error(world: World, code: str, status: int) -> None:
    """For every call; other mailboxes answer."""
    world.control("POST", "/behaviours", {"on": {"mailboxMoving": code}, "of": [ROOM]})
    for path in ("/events", "/calendars", "/calendar"):
        assert refusal(world.graph("GET", f"/users/{ROOM}{path}")) == (status, code)
        world.get(f"/users/{OTHER_ROOM}{path}")


@pytest.mark.server
def test_a_shared_calendar_has_its_owner(world: World) -> None:
    """It may be read-only, in other letters, or without a name of its owner."""
    body = {"owner": {"address": "boss@elsewhere.example"}, "canEdit": False}
    shared = world.control("POST", f"/calendars/{ROOM}/shared", body)
    assert (shared["owner"]["address"], shared["canEdit"]) == ("boss@elsewhere.example", False)
    event = world.control("POST", f"/calendars/{ROOM}/shared/{shared['id']}/events",
                          {"subject": "x", "start": world.after(days=1), "end": world.after(days=2)})  # fmt: skip
    inside = world.get(f"/users/{ROOM}/events/{event['id']}/calendar")
    assert (inside["id"], inside["owner"]) == (shared["id"], shared["owner"])
    world.control("POST", "/behaviours", {"on": {"capitalsInAddresses": True}})
    assert world.get(f"/users/{ROOM}/calendars/{shared['id']}")["owner"]["address"] == "Boss@Elsewhere.Example"
    world.control("POST", "/behaviours", {"on": {"ownersUnknown": True}})
    owners = [each["owner"] is None for each in world.get(f"/users/{ROOM}/calendars")["value"]]
    assert owners == [False, True]


@pytest.mark.server
def test_addresses_come_in_other_letters(world: World) -> None:
    """Of organizers, attendees and rooms."""
    world.control("POST", f"/clients/{APP}", {"roles": ["Calendars.Read", "Place.Read.All"]})
    event = world.book(attendees=[USER])
    world.control("POST", "/behaviours", {"on": {"capitalsInAddresses": True}})
    seen = world.get(f"/users/{ROOM}/events/{event['id']}")
    assert seen["attendees"][0]["emailAddress"]["address"] == "Kari@Contoso.Com"
    assert seen["organizer"]["emailAddress"]["address"] == "Organizer@Contoso.Com"
    assert "Room1@Contoso.Com" in [room["emailAddress"] for room in world.get("/places/microsoft.graph.room")["value"]]
