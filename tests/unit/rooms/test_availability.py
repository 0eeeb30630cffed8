"""Busy times of watched mailboxes on the simulated Graph: what is busy, when, and of whom that is not told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.rooms import query_availability
from shared.busy_times.spans import Span
from shared.rooms.requests import BusyQuery
from tests.support.graph_world import OTHER_ROOM, ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.conftest import call
from tests.unit.rooms.conftest import allow

pytestmark = pytest.mark.server

DAY = {"from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"}
DAY_LONG = timedelta(days=1)
TEAM = "team@contoso.com"


def query(*mailboxes: str, **window: str) -> dict[str, Any]:
    """Return the answer to a query."""
    return json_of(query_availability, 200, body={**DAY, **window, "mailboxes": [*mailboxes]})


def busy(mailbox: str = ROOM, **window: str) -> list[tuple[str, str]]:
    """Return the busy times of a mailbox in December, without the date's first part."""
    answer = query(mailbox, **window)
    assert answer["unknown"] == []
    (only,) = answer["value"]
    assert only["mailbox"] == mailbox
    return [(span["start"][8:], span["end"][8:]) for span in only["busy"]]


def codes(answer: dict[str, Any]) -> dict[str, str]:
    """Return why mailboxes are unknown."""
    assert all(each["detail"] for each in answer["unknown"])
    return {each["mailbox"]: each["code"] for each in answer["unknown"]}


def book(world: TenantWorld, start: str, end: str, mailbox: str = ROOM, **fields: Any) -> None:
    """Put an event of December 2026 into a calendar."""
    times = {"start": f"2026-12-{start}", "end": f"2026-12-{end}"}
    world.control("POST", f"/calendars/{mailbox}/events", {"subject": "Canary", "direct": True, **times, **fields})


def test_what_is_not_free_is_busy(world: TenantWorld) -> None:
    """Tentative and out of office, too; working elsewhere is free."""
    world.watch(ROOM)
    for hour, shown in enumerate(("busy", "free", "tentative", "workingElsewhere", "oof", "free", "unknown"), start=8):
        book(world, f"01T{hour:02}:00:00", f"01T{hour:02}:30:00", showAs=shown)
    assert busy() == [(f"01T{hour:02}:00:00Z", f"01T{hour:02}:30:00Z") for hour in (8, 10, 12, 14)]


def test_times_that_overlap_or_touch_are_merged(world: TenantWorld) -> None:
    """In order; whole minutes, never shorter; only what lies in the window."""
    world.watch(ROOM)
    for start, end in (("01T12:00:00", "01T13:00:00"), ("01T09:00:30", "01T09:30:30"), ("01T09:31:00", "01T10:00:00"),
                       ("01T12:30:00", "01T12:45:00"), ("01T15:00:00", "01T15:00:00")):  # fmt: skip
        book(world, start, end)
    assert busy() == [("01T09:00:00Z", "01T10:00:00Z"), ("01T12:00:00Z", "01T13:00:00Z")]
    window = {"from": "2026-12-01T09:15:10Z", "to": "2026-12-01T13:20:00+01:00"}
    assert busy(**window) == [("01T09:15:10Z", "01T10:00:00Z"), ("01T12:00:00Z", "01T12:20:00Z")]


@pytest.mark.parametrize("by_rules", [True, False])
def test_a_day_off_is_busy_in_its_own_zone(world: TenantWorld, *, by_rules: bool) -> None:
    """From midnight to midnight of the mailbox, whose zone may be told by rules."""
    world.watch(ROOM)
    world.control("POST", "/behaviours", {"on": {"zoneOfMailbox": "Australia/Sydney", "zoneByRules": by_rules}})
    book(world, "02T00:00:00", "03T00:00:00", isAllDay=True)
    assert busy(to="2026-12-04T00:00:00Z") == [("01T13:00:00Z", "02T13:00:00Z")]


def test_a_private_event_has_only_its_times(world: TenantWorld) -> None:
    """Like any other: titles and places are never told."""
    world.watch(ROOM)
    book(world, "01T08:00:00", "01T09:00:00", sensitivity="private")
    book(world, "01T10:00:00", "01T11:00:00", location="Canary")
    answer = query(ROOM)
    assert [set(span) for span in answer["value"][0]["busy"]] == [{"start", "end"}] * 2
    assert "Canary" not in json.dumps(answer)


def test_unreadable_working_hours_hide_no_busy_time(world: TenantWorld) -> None:
    """Only free slots need them."""
    world.watch(ROOM)
    hours = {"daysOfWeek": ["monday"], "startTime": "08:00:00.0000000", "endTime": "16:00:00.0000000",
             "timeZone": {"name": "Mars Standard Time"}}  # fmt: skip
    world.tenant.mailboxes[ROOM].working_hours = hours
    book(world, "01T08:00:00", "01T09:00:00")
    assert busy() == [("01T08:00:00Z", "01T09:00:00Z")]


def test_other_mailboxes_than_watched_are_unknown(world: TenantWorld) -> None:
    """One that is not watched, that the allow-list does not name, or that was never live, is unknown."""
    allow(world, f"{ROOM},{OTHER_ROOM},{TEAM}")
    world.watch(ROOM)
    world.watch(USER)
    world.watch(TEAM, state="gone", renewed=None)
    answer = query(ROOM, OTHER_ROOM, USER, TEAM)
    assert [each["mailbox"] for each in answer["value"]] == [ROOM]
    assert codes(answer) == {
        OTHER_ROOM: "mailbox_not_watched", USER: "mailbox_not_allowed", TEAM: "mailbox_not_watched",
    }  # fmt: skip


@pytest.mark.parametrize("state", ["pending", "refused", "gone", "paused"])
def test_a_distribution_list_is_never_part_of_a_call(world: TenantWorld, state: str) -> None:
    """It would open the calendars of its members. Graph makes no subscription for it, so its watch was never live."""
    world.control("POST", "/settings", {"distributionLists": {TEAM: [USER, OTHER_ROOM]}})
    book(world, "01T08:00:00", "01T09:00:00", OTHER_ROOM)
    world.watch(ROOM)
    world.watch(TEAM, state=state, renewed=None, subscription_id="")
    assert codes(query(ROOM, TEAM)) == {TEAM: "mailbox_not_watched"}


@pytest.mark.parametrize(("allowed", "mailbox", "status", "code"), [
    ("@contoso.com", OTHER_ROOM, 422, "mailbox_not_watched"), ("@fabrikam.com", ROOM, 403, "mailbox_not_allowed"),
])  # fmt: skip
def test_a_query_without_any_permitted_mailbox_is_a_problem(
    world: TenantWorld, allowed: str, mailbox: str, status: int, code: str
) -> None:
    """That of the first one."""
    world.watch(ROOM)
    allow(world, allowed)
    response = call(query_availability, body={**DAY, "mailboxes": [mailbox]})
    assert (response.status_code, json.loads(response.get_body())["code"]) == (status, code)


def test_another_owner_is_refused(world: TenantWorld) -> None:
    """An address of an allowed domain that belongs to a mailbox which is not allowed."""
    world.watch(ROOM)
    world.watch(OTHER_ROOM)
    world.events.owners[OTHER_ROOM] = "ceo@fabrikam.com"
    world.set(FEATURES="rooms", OWNER_CHECK="enforce")
    vars(world).pop("permission", None)
    vars(world).pop("busy_mailbox_finder", None)
    assert codes(query(ROOM, OTHER_ROOM)) == {OTHER_ROOM: "mailbox_owner_not_allowed"}


@pytest.mark.parametrize("on", [{"scheduleError": "ErrorMailboxStoreUnavailable"}, {"scheduleLeftOut": True}])
def test_a_mailbox_without_a_schedule_is_unknown(world: TenantWorld, on: dict[str, Any]) -> None:
    """It is not free. The others are told."""
    world.watch(ROOM)
    world.watch(OTHER_ROOM)
    world.control("POST", "/behaviours", {"on": on, "of": [OTHER_ROOM]})
    answer = query(ROOM, OTHER_ROOM)
    assert ([each["mailbox"] for each in answer["value"]], codes(answer)) == ([ROOM], {OTHER_ROOM: "graph_unavailable"})


def test_busy_without_times_is_unknown(world: TenantWorld) -> None:
    """Graph says that it is busy, and not when. A mailbox that is free without any item is free."""
    for mailbox in (ROOM, OTHER_ROOM):
        world.watch(mailbox)
    book(world, "01T08:00:00", "01T09:00:00")
    book(world, "01T08:00:00", "01T09:00:00", OTHER_ROOM, showAs="free")
    world.control("POST", "/behaviours", {"on": {"scheduleWithoutItems": True}})
    answer = query(ROOM, OTHER_ROOM)
    assert (answer["value"], codes(answer)) == (
        [{"mailbox": OTHER_ROOM, "busy": []}], {ROOM: "schedule_unavailable"},
    )  # fmt: skip


def test_schedules_in_another_order_belong_to_their_mailboxes(world: TenantWorld) -> None:
    """The answer has the order of the query."""
    for mailbox in (ROOM, OTHER_ROOM, USER):
        world.watch(mailbox)
    book(world, "01T08:00:00", "01T09:00:00")
    world.control("POST", "/behaviours", {"on": {"scheduleReversed": True}})
    answer = query(ROOM, OTHER_ROOM, USER)
    assert [(each["mailbox"], len(each["busy"])) for each in answer["value"]] == [(ROOM, 1), (OTHER_ROOM, 0), (USER, 0)]


def test_the_next_mailbox_takes_the_call(world: TenantWorld) -> None:
    """If it does not serve the first."""
    world.watch(ROOM)
    world.watch(OTHER_ROOM)
    world.control("POST", "/behaviours", {"on": {"mailboxMoving": "MailboxNotEnabledForRESTAPI"}, "of": [ROOM]})
    assert codes(query(ROOM, OTHER_ROOM)) == {ROOM: "graph_unavailable"}


def test_a_schedule_that_comes_late_is_unknown(world: TenantWorld) -> None:
    """The answer does not wait for it."""
    world.watch(ROOM)
    world.control("POST", "/behaviours", {"on": {"scheduleSeconds": 1.5}})
    finder = replace(world.busy_mailbox_finder, seconds=0.5)
    found = finder.find(BusyQuery((ROOM,), Span(world.now(), world.now() + DAY_LONG)))
    assert ([each.problem.code for each in found.unknown], found.busy) == (["graph_unavailable"], {})


def test_addresses_are_compared_without_regard_to_case(world: TenantWorld) -> None:
    """One that is named twice is told once."""
    world.watch(ROOM)
    assert [each["mailbox"] for each in query(ROOM.upper(), ROOM)["value"]] == [ROOM]


def test_each_mailbox_counts_as_a_call(world: TenantWorld) -> None:
    """For CALLS_PER_MINUTE."""
    for mailbox in (ROOM, OTHER_ROOM):
        world.watch(mailbox)
    world.settings = world.settings.model_copy(update={"calls_per_minute": 2})
    query(ROOM, OTHER_ROOM)
    problem(query_availability, 429, body={**DAY, "mailboxes": [ROOM, OTHER_ROOM]})


@pytest.mark.parametrize("body", [
    {}, {**DAY}, {**DAY, "mailboxes": []}, {**DAY, "mailboxes": ["x"]}, {**DAY, "mailboxes": [ROOM] * 101},
    {**DAY, "mailboxes": ROOM}, {**DAY, "mailboxes": [ROOM], "more": 1}, {**DAY, "mailboxes": [1]},
    {"from": DAY["to"], "to": DAY["from"], "mailboxes": [ROOM]}, {"from": DAY["from"], "mailboxes": [ROOM]},
    {"from": "2026-12-01", "to": DAY["to"], "mailboxes": [ROOM]},
    {"from": "2026-12-01T00:00:00", "to": DAY["to"], "mailboxes": [ROOM]},
    {"from": DAY["from"], "to": "2027-01-01T00:00:01Z", "mailboxes": [ROOM]},
], ids=str)  # fmt: skip
def test_an_invalid_query_is_refused(world: TenantWorld, body: dict[str, Any]) -> None:
    """The detail names the field and never the value."""
    assert world.now()
    problem(query_availability, 422, body=body)


def test_31_days_are_allowed(world: TenantWorld) -> None:
    """Graph's own limit is higher."""
    world.watch(ROOM)
    assert busy(to="2027-01-01T00:00:00Z") == []


def test_the_state_of_the_relay_counts(world: TenantWorld) -> None:
    """A stopped relay reads no calendar."""
    world.watch(ROOM)
    world.stop.stop("admin")
    assert call(query_availability, body={**DAY, "mailboxes": [ROOM]}).status_code == 503
