"""A control character in a part of the path or the query is refused before anything is done."""

from __future__ import annotations

import pytest

from functions.calendars import cancel_event, change_event, create_calendar, create_event, delete_event, list_events
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, problem
from tests.unit.functions.calendars.conftest import AT, DECEMBER, MEETING, at, created, truth

pytestmark = pytest.mark.server

ENDS = ("\r\n", "\n", "\x00", "\x1f", "\x7f", "\x85", "\u2028")


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_event_is_created(world: TenantWorld, end: str) -> None:
    """In the mailbox at its end and within, in `calendar`, and in a parameter that nobody knows."""
    for mailbox in (f"{USER}{end}", f"{end}{USER}", USER.replace("@", f"{end}@")):
        assert "mailbox" in problem(create_event, 422, body=MEETING, route_params={"mailbox": mailbox})
        problem(create_calendar, 422, body={"name": "x"}, route_params={"mailbox": mailbox})
    assert "calendar" in problem(create_event, 422, body=MEETING, route_params=AT, params={"calendar": f"AAMk{end}"})
    assert truth(world) == []


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_event_is_changed(world: TenantWorld, end: str) -> None:
    """By an id that ends so; nor a page read."""
    event = created()
    place = at(event | {"id": event["id"] + end})
    for function, method in ((change_event, "PATCH"), (delete_event, "DELETE"), (cancel_event, "POST")):
        assert "id" in problem(function, 422, method=method, body={"title": "x"}, route_params=place)
    assert "after" in problem(list_events, 422, method="GET", route_params=AT, params={**DECEMBER, "after": f"x{end}"})
    assert len(truth(world)) == 1
