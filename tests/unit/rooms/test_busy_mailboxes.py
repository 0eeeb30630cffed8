"""A query of many mailboxes: how Graph is asked, and what is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from shared.errors import GraphError, GraphUnavailable
from shared.threads import MailboxLimits
from tests.support.busy_scene import HALLS, WINDOW, Scene, refuse
from tests.support.listening import FEATURE
from tests.support.world import MAILBOX


def test_a_hundred_mailboxes_are_five_calls_two_at_a_time(scene: Scene) -> None:
    """Each has twenty; the answer is in the order of the query."""
    met = threading.Barrier(2, timeout=30)

    def before(mailboxes: Sequence[str]) -> None:
        if HALLS[80] not in mailboxes:
            met.wait()

    scene.schedules.before = before
    found = scene.find()
    assert (list(found.busy), found.unknown) == (list(HALLS), [])
    assert sorted(len(each) - 1 for each in scene.schedules.calls) == [20] * 5
    assert sorted(mailbox for each in scene.schedules.calls for mailbox in each[1:]) == sorted(HALLS)
    assert all(each[0] in each[1:] for each in scene.schedules.calls)
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


def test_a_mailbox_that_only_a_feature_holds_is_not_watched(scene: Scene) -> None:
    """The partner learns nothing of it: its watch is none of the partner's."""
    scene.world.watching(FEATURE).hold(MAILBOX)
    scene.world.reconciler.reconcile()
    found = scene.find([MAILBOX, HALLS[0]])
    assert [*found.busy] == [HALLS[0]]
    assert [(each.mailbox, each.problem.code) for each in found.unknown] == [(MAILBOX, "mailbox_not_watched")]


def test_each_mailbox_takes_the_call_after_another(scene: Scene) -> None:
    """Graph limits the calls in the name of each."""
    for _ in range(25):
        scene.find(HALLS[:20])
    assert [call[0] for call in scene.schedules.calls] == [*HALLS[:20], *HALLS[:5]]


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
    assert all(("again in" in each.text) == (code == "graph_unavailable") for each in found.unknown)
    assert not any("Retry-After" in each.text for each in found.unknown), "an answer 200 has no such header"
    if error.retry_after:
        assert "300 seconds" in found.unknown[0].text


def test_an_event_without_an_end_is_busy_for_the_whole_window(scene: Scene) -> None:
    """An appointment may last until the year 9999; rounding must not go beyond."""
    item = {"status": "busy", "start": {"dateTime": "0001-01-01T00:00:00", "timeZone": "UTC"},
            "end": {"dateTime": "9999-12-31T23:59:59.9999999", "timeZone": "UTC"}}  # fmt: skip
    scene.schedules.items = [item]
    assert scene.find(HALLS[:1]).busy == {HALLS[0]: [WINDOW]}


def test_a_mailbox_at_its_limit_is_not_waited_for(scene: Scene) -> None:
    """Four calls are under way in its name already."""
    limits = MailboxLimits(seconds=0.01)
    scene.finder, limit = replace(scene.finder, limits=limits), limits.of(HALLS[0])
    for _ in range(4):
        limit.acquire()
    found = scene.find(HALLS[:2])
    assert {each.problem.code for each in found.unknown} == {"relay_unavailable"}
