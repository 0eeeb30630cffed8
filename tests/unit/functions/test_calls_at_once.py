"""The calls of the feature calendars about one mailbox that answers slowly do not hold all threads of the process."""

from __future__ import annotations

from typing import Any

import pytest

from functions import auth, calendars
from shared.graph.calendars import Calendars
from shared.threads import MAILBOX_LIMIT, MailboxLimits
from tests.support.world import MAILBOX
from tests.unit.functions.conftest import HostWorld, call, content_of

OTHER = "room2@contoso.com"
TIMES = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:00:00Z"}
BODIES: dict[str, object] = {
    "create_calendar": {"name": "A"}, "create_event": {"title": "T", **TIMES}, "change_event": {"title": "T"},
    "cancel_event": {},
}  # fmt: skip
FUNCTIONS = {str(each._function.get_function_name()): each for each in calendars.blueprint._function_builders}
KEYED = [name for name in FUNCTIONS if not name.endswith("_entra")]


class QuickCalendars(Calendars):
    """Graph's calendars of a mailbox, which are empty; counts the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def all(self, mailbox: str) -> list[dict[str, Any]]:
        """Return no calendar."""
        self.calls.append(mailbox)
        return []


@pytest.fixture
def graph(world: HostWorld, monkeypatch: pytest.MonkeyPatch) -> QuickCalendars:
    """Return Graph, with the relay as the process's own; a call waits for a place for a moment only."""
    quick = QuickCalendars()
    monkeypatch.setattr(world, "calendars", quick, raising=False)
    monkeypatch.setattr(world, "mailbox_limits", MailboxLimits(seconds=0.01), raising=False)
    for module in (auth, calendars):
        monkeypatch.setattr(module, "relay", lambda: world)
    return quick


def called(name: str, mailbox: str = MAILBOX) -> tuple[int, str | None, str]:
    """Call a function; return status, Retry-After and the problem's code."""
    given: dict[str, Any] = {
        "route_params": {"mailbox": mailbox, "id": "E"},
        "params": TIMES,
        "body": BODIES.get(name, b""),
    }
    answer = call(FUNCTIONS[name], "POST", **given)
    return answer.status_code, answer.headers.get("Retry-After"), content_of(answer).get("code", "")


@pytest.mark.parametrize("name", KEYED)
def test_a_call_without_a_place_is_refused_without_a_call_of_graph(
    world: HostWorld, graph: QuickCalendars, name: str
) -> None:
    """All calls that Graph allows are under way: another gets 503 with Retry-After, as in the other features."""
    limit = world.mailbox_limits.of(MAILBOX)
    assert all(limit.acquire(blocking=False) for _ in range(MAILBOX_LIMIT))
    assert called(name) == (503, "1", "relay_unavailable")
    assert graph.calls == []
    assert called("list_calendars", OTHER)[0] == 200


def test_a_call_gives_its_place_back(world: HostWorld, graph: QuickCalendars) -> None:
    """Also one that is refused later, by Graph or by the relay."""
    limit = world.mailbox_limits.of(MAILBOX)
    for _ in range(3 * MAILBOX_LIMIT):
        assert called("list_calendars")[0] == 200
        assert called("get_event", "nobody@fabrikam.com")[0] == 403
    assert all(limit.acquire(blocking=False) for _ in range(MAILBOX_LIMIT))
    assert len(graph.calls) == 3 * MAILBOX_LIMIT
