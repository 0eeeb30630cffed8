"""The list of free slots: which slots, in which time zone, and which requests are rejected."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from functions.scheduling import list_slots
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.conftest import call, content_of
from tests.unit.functions.scheduling.conftest import AT, OFFICE

pytestmark = pytest.mark.server

TUESDAY = {"from": "2026-12-01T00:00:00", "to": "2026-12-02T00:00:00", "timeZone": "Europe/Oslo", "duration": "60"}


def slots(**params: str) -> list[dict[str, Any]]:
    """Return the free slots of a day."""
    page = json_of(list_slots, 200, method="GET", route_params=AT, params={**TUESDAY, **params})
    value: list[dict[str, Any]] = page["value"]
    return value


def starts(**params: str) -> list[str]:
    """Return the start times of the slots, in the caller's zone."""
    return [slot["start"][11:] for slot in slots(**params)]


def test_free_slots_are_in_the_callers_zone(world: TenantWorld) -> None:
    """Slots lie within working hours, earliest first, with the offset of the day."""
    assert slots(stepMinutes="240")[0] == {
        "start": "2026-12-01T08:00:00+01:00", "end": "2026-12-01T09:00:00+01:00", "mailboxes": [USER],
    }  # fmt: skip
    assert starts() == [f"{hour:02}:{minute}:00+01:00" for hour in range(8, 16) for minute in ("00", "30")][:-1]
    assert starts(timeZone="Tokyo Standard Time")[:2] == ["16:00:00+09:00", "16:30:00+09:00"]


def test_slots_keep_a_buffer_to_busy_times(world: TenantWorld) -> None:
    """Busy, tentative and out of office block a slot; free and working elsewhere do not."""
    for hour, shown in enumerate(("busy", "tentative", "oof", "free", "workingElsewhere"), start=8):
        times = {"start": f"2026-12-01T{hour:02}:00:00", "end": f"2026-12-01T{hour:02}:30:00"}
        world.control("POST", f"/calendars/{USER}/events", {"subject": "Canary", "showAs": shown, **times})
    assert starts() == [f"{clock}:00+01:00" for clock in ("08:00", "11:30", "12:00", "12:30", "13:00", "13:30", "14:00",
                                                      "14:30", "15:00")]  # fmt: skip
    assert starts(bufferMinutes="30")[:2] == ["12:00:00+01:00", "12:30:00+01:00"]


def test_each_mailbox_of_a_search_counts_as_a_call(world: TenantWorld) -> None:
    """For CALLS_PER_MINUTE."""
    world.settings = world.settings.model_copy(update={"calls_per_minute": 3})
    slots(**{"with": f"{ROOM},{OTHER_ROOM}"})
    assert "3 calls per minute" in problem(list_slots, 429, method="GET", route_params=AT, params=TUESDAY)


def test_slots_of_any_or_all_of_several_mailboxes(world: TenantWorld) -> None:
    """Each slot lists the free mailboxes."""
    for room, hour in ((ROOM, 8), (OTHER_ROOM, 9)):
        world.control("PUT", f"/calendars/{room}/workingHours", OFFICE)
        times = {"start": f"2026-12-01T{hour:02}:00:00", "end": f"2026-12-01T{hour + 1:02}:00:00"}
        world.control("POST", f"/calendars/{room}/events", {"subject": "x", "direct": True, **times})
    params = {"with": f"{ROOM},{OTHER_ROOM}", "stepMinutes": "60"}
    free = {slot["start"][11:13]: set(slot["mailboxes"]) for slot in slots(**params)}
    assert (free["08"], free["09"], free["10"]) == (
        {USER, ROOM, OTHER_ROOM}, {USER, OTHER_ROOM}, {USER, ROOM},
    )  # fmt: skip
    assert [slot["start"][11:13] for slot in slots(**params, match="all")] == ["08", "11", "12", "13", "14", "15"]


def test_the_day_of_a_clock_change_has_25_hours(world: TenantWorld) -> None:
    """The repeated hour has two slots with different offsets."""
    night = {**OFFICE, "daysOfWeek": ["saturday", "sunday"], "startTime": "00:00:00", "endTime": "00:00:00"}
    world.control("PUT", f"/calendars/{USER}/workingHours", night)
    world.time = world.time.replace(month=10, day=20)
    clocks = starts(**{"from": "2026-10-25T00:00:00", "to": "2026-10-26T00:00:00", "stepMinutes": "60"})
    assert len(clocks) == 25
    assert clocks[1:5] == ["01:00:00+02:00", "02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00"]


def test_many_slots_come_in_pages(world: TenantWorld) -> None:
    """Each slot appears once, in order."""
    params, seen = {**TUESDAY, "pageSize": "4"}, []
    while True:
        page = json_of(list_slots, 200, method="GET", route_params=AT, params=params)
        seen += [slot["start"][11:] for slot in page["value"]]
        if page["nextLink"] is None:
            break
        params = dict(parse_qsl(page["nextLink"].partition("?")[2]))
    assert seen == starts()


def test_past_times_are_not_free(world: TenantWorld) -> None:
    """The slots of today start now; a past day has none."""
    today = {"from": "2026-11-20T00:00:00", "to": "2026-11-21T00:00:00"}
    assert starts(**today)[0] == "11:00:00+01:00"
    assert starts(**{"from": "2026-11-18T00:00:00", "to": "2026-11-19T00:00:00"}) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"from": ""}, "from"), ({"from": "2026-12-01"}, "from"), ({"to": "2026-12-01T00:00:00"}, "to"),
     ({"to": "2027-01-02T00:00:00"}, "to"), ({"timeZone": "Mars/Base"}, "timeZone"), ({"duration": ""}, "duration"),
     ({"duration": "7"}, "duration"), ({"duration": "485"}, "duration"), ({"stepMinutes": "0"}, "stepMinutes"),
     ({"bufferMinutes": "-5"}, "bufferMinutes"), ({"match": "some"}, "match"), ({"with": "nobody"}, "with"),
     ({"with": ",".join(f"a{number}@contoso.com" for number in range(20))}, "with"), ({"pageSize": "0"}, "pageSize"),
     ({"timeZone": "", "from": "2026-12-01T00:00:00"}, "from"), ({"duration": "٣٠"}, "duration")],
)  # fmt: skip
def test_an_invalid_parameter_is_named(world: TenantWorld, changes: dict[str, str], named: str) -> None:
    """The response is a 422 that starts with the parameter."""
    detail = problem(list_slots, 422, method="GET", route_params=AT, params={**TUESDAY, **changes})
    assert detail.startswith(named)


def test_a_plus_sign_may_come_as_a_space(world: TenantWorld) -> None:
    """A plus sign that is not encoded in a URL arrives as a space."""
    assert starts(**{"from": "2026-12-01T00:00:00 01:00"})[0] == "08:00:00+01:00"


def test_a_mailbox_that_is_not_allowed_is_403_without_a_call_to_graph(world: TenantWorld) -> None:
    """Any mailbox outside the allow-list makes the whole request a 403."""
    for mailbox, more in (("a@elsewhere.example", ""), (USER, "a@elsewhere.example")):
        problem(list_slots, 403, method="GET", route_params={"mailbox": mailbox}, params={**TUESDAY, "with": more})
    assert not world.tenant.calls


def test_an_unknown_mailbox_is_reported(world: TenantWorld) -> None:
    """Alone it is a 404; one of several is left out and named."""
    problem(list_slots, 404, method="GET", route_params={"mailbox": "no@contoso.com"}, params=TUESDAY)
    for first, other in ((USER, "no@contoso.com"), ("no@contoso.com", USER)):
        page = searched(200, first, other)
        assert {mailbox for slot in page["value"] for mailbox in slot["mailboxes"]} == {USER}
        assert unavailable_in(page) == [("no@contoso.com", "schedule_unavailable")]
        assert "ErrorMailRecipientNotFound" in page["unavailable"][0]["detail"]


def searched(status: int, first: str, *others: str, **params: str) -> dict[str, Any]:
    """Return the response for several mailboxes."""
    given = {**TUESDAY, "with": ",".join(others), **params}
    return json_of(list_slots, status, method="GET", route_params={"mailbox": first}, params=given)


def unavailable_in(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the mailboxes without a schedule, and why."""
    return [(each["mailbox"], each["code"]) for each in content["unavailable"]]


PASSING = ("ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable", "ErrorServerBusy", "ErrorTimeoutExpired",
           "ErrorInternalServerTransientError", "ErrorProxyRequestProcessingFailed",
           "MailboxNotEnabledForRESTAPI")  # fmt: skip
LASTING = ("ErrorMailRecipientNotFound", "ErrorNoFreeBusyAccess")


@pytest.mark.parametrize("code", [*PASSING, *LASTING, "left out"])
@pytest.mark.parametrize("failing", [USER, ROOM])
def test_a_single_failing_mailbox_of_several(world: TenantWorld, failing: str, code: str) -> None:
    """With match=any it is left out and named; with match=all the problem names it: 503 if that passes by itself."""
    world.control("PUT", f"/calendars/{ROOM}/workingHours", OFFICE)
    on = {"scheduleLeftOut": True} if code == "left out" else {"scheduleError": code}
    world.control("POST", "/behaviours", {"on": on, "of": [failing]})
    why = "schedule_unavailable" if code in LASTING else "graph_unavailable"
    page = searched(200, USER, ROOM)
    assert {mailbox for slot in page["value"] for mailbox in slot["mailboxes"]} == {USER, ROOM} - {failing}
    assert unavailable_in(page) == [(failing, why)]
    refused = searched(422 if code in LASTING else 503, USER, ROOM, match="all")
    assert (refused["code"], unavailable_in(refused)) == (why, [(failing, why)])
    assert failing in refused["detail"]
    assert ("licence" in refused["detail"]) == (code in LASTING)


def test_several_failing_mailboxes(world: TenantWorld) -> None:
    """If no mailbox is left, match=any is refused, too; 422 if for one of them waiting does not help."""
    world.control("POST", "/behaviours", {"on": {"scheduleError": "ErrorServerBusy"}, "of": [USER, ROOM]})
    refused = call(list_slots, method="GET", route_params=AT, params={**TUESDAY, "with": ROOM})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert unavailable_in(content_of(refused)) == [(USER, "graph_unavailable"), (ROOM, "graph_unavailable")]
    world.control("POST", "/behaviours", {"on": {"scheduleError": "ErrorNoFreeBusyAccess"}, "of": [ROOM]})
    assert unavailable_in(searched(422, USER, ROOM)) == [(USER, "graph_unavailable"), (ROOM, "schedule_unavailable")]


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "ErrorMailboxMoveInProgress"])
@pytest.mark.parametrize("moving", [USER, ROOM])
def test_a_mailbox_that_is_being_moved_is_left_out(world: TenantWorld, moving: str, code: str) -> None:
    """Also if the call to Graph goes to its calendar: then it goes to that of the next mailbox."""
    world.control("PUT", f"/calendars/{ROOM}/workingHours", OFFICE)
    world.control("POST", "/behaviours", {"on": {"mailboxMoving": code}, "of": [moving]})
    page = searched(200, USER, ROOM)
    assert {mailbox for slot in page["value"] for mailbox in slot["mailboxes"]} == {USER, ROOM} - {moving}
    assert unavailable_in(page) == [(moving, "graph_unavailable")]


def test_the_next_link_repeats_no_parameter_that_is_not_ours(world: TenantWorld) -> None:
    """A function key in `code` would reach logs and other systems with the link."""
    params = {**TUESDAY, "pageSize": "4", "code": "canary-key", "clientId": "canary", "subscription-key": "canary"}
    page = json_of(list_slots, 200, method="GET", route_params=AT, params=params)
    assert "canary" not in page["nextLink"]
    assert dict(parse_qsl(page["nextLink"].partition("?")[2])).keys() == {*TUESDAY, "pageSize"}


def test_slots_reveal_nothing_of_busy_events(world: TenantWorld) -> None:
    """Graph returns titles and locations, and the relay drops them."""
    times = {"start": "2026-12-01T08:00:00", "end": "2026-12-01T09:00:00"}
    world.control("POST", f"/calendars/{USER}/events", {"subject": "canary-1", "location": "canary-2", **times})
    assert "canary" not in str(slots())


def test_a_missing_permission_is_named(world: TenantWorld) -> None:
    """The 502 says which permission to grant."""
    world.tenant.clients[APP].roles = set()
    detail = problem(list_slots, 502, method="GET", route_params=AT, params=TUESDAY)
    assert "Calendars.ReadWrite" in detail


def test_a_read_permission_is_enough_for_slots(world: TenantWorld) -> None:
    """Listing slots needs no permission to write."""
    world.tenant.clients[APP].roles = {"Calendars.Read"}
    answer = call(list_slots, method="GET", route_params=AT, params=TUESDAY)
    assert (answer.status_code, len(content_of(answer)["value"])) == (200, 15)
