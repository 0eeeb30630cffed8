"""A query of many mailboxes of which Graph refuses some, or that may be none of a mailbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphError, GraphForbidden, GraphNotFound
from tests.support.busy_scene import HALLS, Scene, refuse
from tests.support.world import START

OTHER = "room1@contoso.com"


@pytest.mark.parametrize("error", [GraphForbidden(403, "ErrorAccessDenied"), GraphNotFound(404, "ErrorInvalidUser")])
def test_a_refused_mailbox_does_not_hide_the_others(scene: Scene, error: GraphError) -> None:
    """Graph is asked in the name of others; what it then says of the refused one is in its own schedule."""
    scene.schedules.before = refuse(HALLS[:1], error)
    assert len(scene.find(HALLS[:20]).busy) == 20
    assert [call[0] for call in scene.schedules.calls] == [HALLS[0], HALLS[3]]


@pytest.mark.parametrize("first", [0, 5, 12])
def test_a_floor_out_of_scope_does_not_hide_the_others(scene: Scene, first: int) -> None:
    """Eight mailboxes in a row, also those whose turn it is."""
    scene.schedules.before = refuse(HALLS[first : first + 8], GraphForbidden(403, "ErrorAccessDenied"))
    for _ in range(20):
        assert len(scene.find(HALLS[:20]).busy) == 20


def test_a_permission_that_is_missing_ends_after_six_calls(scene: Scene) -> None:
    """Not after a call for each mailbox."""
    scene.schedules.before = refuse(HALLS, GraphForbidden(403, "ErrorAccessDenied"))
    found = scene.find(HALLS[:20])
    assert ({each.problem.code for each in found.unknown}, found.busy) == ({"graph_permission_missing"}, {})
    assert sum("Calendars.Read in Exchange" in each.text for each in found.unknown) == 6
    assert len(scene.schedules.calls) == 6


def test_a_mailbox_that_was_in_no_call_has_no_code_of_missing_mailboxes(scene: Scene) -> None:
    """Graph finds none of the six in whose name it was asked: of the others nothing is known, and they pass."""
    scene.schedules.before = refuse(HALLS, GraphNotFound(404, "ErrorInvalidUser"))
    found = scene.find(HALLS[:20])
    names = {call[0] for call in scene.schedules.calls}
    codes = {each.mailbox: each.problem.code for each in found.unknown}
    assert codes == dict.fromkeys(HALLS[:20], "graph_unavailable") | dict.fromkeys(names, "mailbox_not_found")


def test_an_answer_concerns_the_mailbox_of_the_call(scene: Scene) -> None:
    """Two that Graph refuses for different reasons."""
    forbidden, gone = (refuse([HALLS[0]], GraphForbidden(403, "x")), refuse([HALLS[1]], GraphNotFound(404, "x")))
    scene.schedules.before = lambda mailboxes: (forbidden(mailboxes), gone(mailboxes), None)[2]
    codes = {each.mailbox: each.problem.code for each in scene.find(HALLS[:2]).unknown}
    assert codes == {HALLS[0]: "graph_permission_missing", HALLS[1]: "mailbox_not_found"}


@pytest.mark.parametrize(("changes", "part"), [
    ({"state": "refused"}, "refused"), ({"state": "gone"}, "gone"),
    ({"state": "paused", "paused_by": "owner"}, "paused"),
    ({"renewed": None}, "not known to be a mailbox"), ({"renamed_at": START}, "no longer the address"),
], ids=["refused", "gone", "paused", "never", "renamed"])  # fmt: skip
def test_a_watch_that_may_name_another_mailbox_is_left_out(scene: Scene, changes: dict[str, Any], part: str) -> None:
    """Its state is said. After a new address, the former one may be that of a distribution list."""
    scene.world.watch(OTHER, **changes)
    found = scene.find([HALLS[0], OTHER])
    assert [(each.problem.code, part in each.text) for each in found.unknown] == [("mailbox_not_watched", True)]
    assert OTHER not in str(scene.schedules.calls)


def test_a_new_address_of_last_week_is_not_held_against_a_watch(scene: Scene) -> None:
    """The daily resync notes it again while it is so."""
    scene.world.watch(OTHER, renamed_at=START - timedelta(days=3))
    assert list(scene.find([OTHER]).busy) == [OTHER]
