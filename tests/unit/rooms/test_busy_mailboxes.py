"""A query of many mailboxes: how Graph is asked, and what is told when it answers late or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.busy_times.spans import Span
from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable
from shared.graph.schedules import Schedules
from shared.rooms.busy_mailboxes import BusyMailboxes, BusyMailboxFinder
from shared.rooms.permitted import PermittedMailboxes
from shared.rooms.requests import BusyQuery
from shared.threads import MailboxLimits
from tests.support.world import World

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
WINDOW = Span(NOON, NOON + timedelta(days=1))
HALLS = tuple(f"hall{number:03}@contoso.com" for number in range(100))


class FakeSchedules(Schedules):
    """Free schedules. `before` runs at each call, with its mailboxes; `most` calls were under way at once."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.before: Callable[[Sequence[str]], None] = lambda _: None
        self.under_way = self.most = 0
        self._lock = threading.Lock()

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return schedules."""
        assert (start, end) == (WINDOW.start, WINDOW.end)
        with self._lock:
            self.calls.append([*mailboxes])
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        try:
            self.before(mailboxes)
        finally:
            with self._lock:
                self.under_way -= 1
        return [{"scheduleId": mailbox, "scheduleItems": []} for mailbox in mailboxes]


class Scene:
    """A world with a hundred watched rooms, and its finder."""

    def __init__(self) -> None:
        self.world, self.schedules = World(), FakeSchedules()
        for mailbox in HALLS:
            self.world.watch(mailbox)
        self.finder = self.with_seconds(60.0)

    def with_seconds(self, seconds: float) -> BusyMailboxFinder:
        """Return a finder with so much time."""
        permitted = PermittedMailboxes(self.world.permission, self.world.watches)
        return BusyMailboxFinder(permitted, self.schedules, self.world.mailbox_limits, seconds=seconds)

    def find(self, mailboxes: Sequence[str] = HALLS) -> BusyMailboxes:
        """Ask for mailboxes."""
        return self.finder.find(BusyQuery(tuple(mailboxes), WINDOW))


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Return a scene."""
    scene = Scene()
    yield scene
    scene.world.end()


def refuse(mailboxes: Sequence[str], error: GraphError) -> Callable[[Sequence[str]], None]:
    """Return what refuses calls in the name of these mailboxes."""

    def before(mailboxes_of_call: Sequence[str]) -> None:
        if mailboxes_of_call[0] in mailboxes:
            raise error

    return before


def test_a_hundred_mailboxes_are_five_calls_two_at_a_time(scene: Scene) -> None:
    """Each has twenty; the answer is in the order of the query."""
    met = threading.Barrier(2, timeout=30)

    def before(mailboxes: Sequence[str]) -> None:
        if HALLS[80] not in mailboxes:
            met.wait()

    scene.schedules.before = before
    found = scene.find()
    assert (list(found.busy), found.unknown) == (list(HALLS), [])
    assert sorted(map(len, scene.schedules.calls)) == [20] * 5
    assert sorted(mailbox for each in scene.schedules.calls for mailbox in each) == sorted(HALLS)
    assert scene.schedules.most == 2


def test_no_third_call_is_under_way(scene: Scene) -> None:
    """A third one would meet the first two."""
    met, three = threading.Barrier(3, timeout=0.5), list[int]()

    def before(_: Sequence[str]) -> None:
        with suppress(threading.BrokenBarrierError):
            met.wait()
            three.append(1)

    scene.schedules.before = before
    assert (len(scene.find().busy), three) == (100, [])


def test_each_mailbox_takes_the_call_after_another(scene: Scene) -> None:
    """Graph limits the calls in the name of each."""
    for _ in range(25):
        scene.find(HALLS[:20])
    assert [call[0] for call in scene.schedules.calls] == [*HALLS[:20], *HALLS[:5]]


def test_what_is_late_is_unknown(scene: Scene) -> None:
    """The answer comes in time, with what is known."""
    scene.finder = scene.with_seconds(2.0)
    go_on = threading.Event()
    scene.schedules.before = lambda mailboxes: None if HALLS[0] in mailboxes else _held(go_on)
    try:
        found = scene.find(HALLS[:60])
    finally:
        go_on.set()
    assert list(found.busy) == list(HALLS[:20])
    assert [each.mailbox for each in found.unknown] == list(HALLS[20:60])
    assert {each.problem.code for each in found.unknown} == {"graph_unavailable"}
    assert len(scene.schedules.calls) == 3


def _held(go_on: threading.Event) -> None:
    assert go_on.wait(30)


def test_a_late_check_keeps_its_mailbox_out(scene: Scene) -> None:
    """Whether the mailbox is allowed is not known then."""
    scene.world.allow("@contoso.com")
    scene.finder = scene.with_seconds(0.2)
    go_on, slow = threading.Event(), HALLS[1]
    read = scene.world.events.owner

    def owner(mailbox: str) -> str:
        if mailbox == slow:
            _held(go_on)
        return read(mailbox)

    vars(scene.world.events)["owner"] = owner
    try:
        found = scene.find(HALLS[:3])
    finally:
        go_on.set()
    assert slow not in found.busy
    assert slow not in str(scene.schedules.calls)


@pytest.mark.parametrize(("error", "code"), [
    (GraphUnavailable(429, "TooManyRequests", retry_after=300), "graph_unavailable"),
    (GraphUnavailable(0, "NoAnswer.Timeout"), "graph_unavailable"),
    (GraphError(400, "ErrorInvalidTimeInterval"), "outlook_rejected"),
], ids=["429", "timeout", "400"])  # fmt: skip
def test_an_error_of_a_call_concerns_its_mailboxes(scene: Scene, error: GraphError, code: str) -> None:
    """It is not repeated in the name of others."""
    scene.schedules.before = refuse([HALLS[20]], error)
    found = scene.find(HALLS[:40])
    assert list(found.busy) == list(HALLS[:20])
    assert {each.problem.code for each in found.unknown} == {code}
    assert len(scene.schedules.calls) == 2
    if error.retry_after:
        assert "300 seconds" in found.unknown[0].text


@pytest.mark.parametrize("error", [GraphForbidden(403, "ErrorAccessDenied"), GraphNotFound(404, "ErrorInvalidUser")])
def test_a_refused_mailbox_does_not_hide_the_others(scene: Scene, error: GraphError) -> None:
    """Graph is asked in the name of others; what it then says of the refused one is in its own schedule."""
    scene.schedules.before = refuse(HALLS[:1], error)
    assert len(scene.find(HALLS[:20]).busy) == 20
    assert [call[0] for call in scene.schedules.calls] == [HALLS[0], HALLS[3]]


def test_a_permission_that_is_missing_ends_after_two_rounds(scene: Scene) -> None:
    """Not after a call for each mailbox."""
    scene.schedules.before = refuse(HALLS, GraphForbidden(403, "ErrorAccessDenied"))
    found = scene.find(HALLS[:20])
    assert ({each.problem.code for each in found.unknown}, found.busy) == ({"graph_permission_missing"}, {})
    assert all("Calendars.Read in Exchange" in each.text for each in found.unknown)
    assert len(scene.schedules.calls) == 2


def test_a_mailbox_at_its_limit_is_not_waited_for(scene: Scene) -> None:
    """Four calls are under way in its name already."""
    limits = MailboxLimits(seconds=0.01)
    scene.finder, limit = replace(scene.finder, limits=limits), limits.of(HALLS[0])
    for _ in range(4):
        limit.acquire()
    found = scene.find(HALLS[:2])
    assert {each.problem.code for each in found.unknown} == {"relay_unavailable"}
