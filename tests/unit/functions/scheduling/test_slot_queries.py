"""The list of free slots with its parameters in a body: no address in a URL, pages by the same body."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.scheduling import list_slots, query_slots
from tests.support.graph_world import OTHER_ROOM, ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.conftest import call, content_of
from tests.unit.functions.scheduling.conftest import AT, OFFICE

pytestmark = pytest.mark.server

TUESDAY: dict[str, Any] = {"from": "2026-12-01T00:00:00", "to": "2026-12-02T00:00:00", "timeZone": "Europe/Oslo",
                           "duration": 60}  # fmt: skip


def queried(status: int = 200, after: str = "", **changes: Any) -> dict[str, Any]:
    """Return the response to a body; a change to None leaves a field out."""
    body = {name: value for name, value in (TUESDAY | changes).items() if value is not None}
    params = {"after": after} if after else {}
    return json_of(query_slots, status, route_params=AT, body=body, params=params)


def pages(**changes: Any) -> list[dict[str, Any]]:
    """Return all pages: the same body is sent to each nextLink."""
    every = [queried(**changes)]
    while (link := every[-1]["nextLink"]) is not None:
        every.append(queried(**changes, **dict(parse_qsl(urlsplit(link).query))))
        assert every[-1]["nextLink"] != link, "the same page again"
    return every


@pytest.mark.parametrize(
    "more",
    [{}, {"stepMinutes": 60, "bufferMinutes": 30}, {"mailboxes": [ROOM, OTHER_ROOM]},
     {"mailboxes": [ROOM, USER], "match": "all"}, {"timeZone": None, "from": "2026-12-01T00:00:00+01:00",
      "to": "2026-12-01T23:00:00Z"}, {"timeZone": "Tokyo Standard Time"}],
    ids=["defaults", "step and buffer", "any of three", "all of two", "offsets", "Windows name"],
)  # fmt: skip
def test_a_body_lists_what_the_parameters_list(world: TenantWorld, more: dict[str, Any]) -> None:
    """The answers are equal; only `with` in a URL is an old spelling."""
    world.control("PUT", f"/calendars/{ROOM}/workingHours", OFFICE)
    times = {"start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00"}
    world.control("POST", f"/calendars/{ROOM}/events", {"subject": "x", "direct": True, **times})
    given = {name: value for name, value in (TUESDAY | more).items() if value is not None}
    params = {name: str(value) for name, value in given.items() if name != "mailboxes"}
    if "mailboxes" in given:
        params["with"] = ",".join(given["mailboxes"])
    by_query = call(list_slots, "GET", route_params=AT, params=params)
    by_body = call(query_slots, route_params=AT, body=given)
    assert content_of(by_query) == content_of(by_body)
    assert content_of(by_body)["value"]
    assert ("Deprecation" in by_query.headers, "Sunset" in by_query.headers) == (("with" in params),) * 2
    assert "Deprecation" not in by_body.headers


@pytest.mark.parametrize("size", [1, 4, 13])
def test_the_same_body_reads_each_page(world: TenantWorld, size: int) -> None:
    """Each slot appears once, in order, also in the hour that clocks repeat."""
    night = {**OFFICE, "daysOfWeek": ["saturday", "sunday"], "startTime": "00:00:00", "endTime": "00:00:00"}
    world.control("PUT", f"/calendars/{USER}/workingHours", night)
    world.time = world.time.replace(month=10, day=20)
    sunday: dict[str, Any] = {"from": "2026-10-25T00:00:00", "to": "2026-10-25T06:00:00", "stepMinutes": 60}
    whole = queried(**sunday)["value"]
    split = pages(**sunday, pageSize=size)
    assert [slot for page in split for slot in page["value"]] == whole
    assert [len(page["value"]) for page in split[:-1]] == [size] * (len(split) - 1)
    assert len({slot["start"] for slot in whole}) == len(whole) == 7


def test_the_next_link_has_no_address_but_its_own(world: TenantWorld) -> None:
    """Neither the other mailboxes nor a function key: links are logged."""
    body = TUESDAY | {"mailboxes": [ROOM], "pageSize": 2}
    answer = call(query_slots, route_params=AT, body=body, params={"code": "canary-key"})
    link = urlsplit(content_of(answer)["nextLink"])
    assert link.path == f"/api/schedules/{USER}/slots/query"
    assert dict(parse_qsl(link.query)) == {"after": "2026-12-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"from": None}, "from"), ({"from": "2026-12-01"}, "from"), ({"to": "2026-12-01T00:00:00"}, "to"),
     ({"to": "2027-01-02T00:00:00"}, "to"), ({"timeZone": "Mars/Base"}, "timeZone"), ({"duration": None}, "duration"),
     ({"duration": 7}, "duration"), ({"duration": "60"}, "duration"), ({"duration": True}, "duration"),
     ({"stepMinutes": 0}, "stepMinutes"), ({"bufferMinutes": -5}, "bufferMinutes"), ({"match": "some"}, "match"),
     ({"mailboxes": ["canary"]}, "mailboxes"), ({"mailboxes": [f"a{n}@contoso.com" for n in range(20)]}, "mailboxes"),
     ({"mailboxes": "canary@contoso.com"}, "mailboxes"), ({"pageSize": 0}, "pageSize"), ({"with": ROOM}, "with"),
     ({"timeZone": ""}, "timeZone"), ({"timeZone": None}, "from")],
)  # fmt: skip
def test_an_invalid_field_is_named(world: TenantWorld, changes: dict[str, Any], named: str) -> None:
    """The response is a 422 that starts with the field, without its value, and nobody is called."""
    content = queried(422, **changes)
    assert content["detail"].startswith(named)
    assert "canary" not in content["detail"]
    assert not world.tenant.calls


@pytest.mark.parametrize("after", ["x", "2026-12-01", "2026-12-01T09:00:00", "9999-12-31T23:59:59-23:00"])
def test_an_invalid_start_of_a_page_is_422(world: TenantWorld, after: str) -> None:
    """A nextLink is used unchanged."""
    content = queried(422, after=after)
    assert (content["code"], content["detail"]) == ("invalid_parameter", "after: use nextLink unchanged.")


@pytest.mark.parametrize(("after", "free"), [("2020-01-01T00:00:00Z", 15), ("2027-01-01T00:00:00Z", 0)])
def test_a_page_stays_within_the_window(world: TenantWorld, after: str, free: int) -> None:
    """A start outside of it neither widens it nor fails."""
    assert len(queried(after=after)["value"]) == free


def test_an_unknown_parameter_is_refused(world: TenantWorld) -> None:
    """So an address that is sent in the URL by mistake is noticed."""
    assert "with" in problem(query_slots, 422, route_params=AT, body=TUESDAY, params={"with": ROOM})


def test_each_mailbox_of_a_query_counts_as_a_call(world: TenantWorld) -> None:
    """For CALLS_PER_MINUTE."""
    world.settings = world.settings.model_copy(update={"calls_per_minute": 3})
    queried(mailboxes=[ROOM, OTHER_ROOM])
    assert "3 calls per minute" in problem(query_slots, 429, route_params=AT, body=TUESDAY)


def test_a_query_of_a_mailbox_that_is_not_allowed_calls_nothing(world: TenantWorld) -> None:
    """Any mailbox outside the allow-list makes the whole request a 403."""
    queried(403, mailboxes=["a@elsewhere.example"])
    assert not world.tenant.calls
