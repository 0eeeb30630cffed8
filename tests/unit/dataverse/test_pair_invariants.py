"""The checks of drawn edits fail as soon as there is one event, or one write, more than the edits permit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.properties.pair_acts import LOST, Act
from tests.properties.pair_invariants import Invariants, are_at_rest
from tests.support.dataverse_world import KARI, OLA
from tests.support.pairs_world import Call

B1, B2 = "b1", "b2"
KILLED, LATE = {"killed_at": 3}, {"lag": 40.0}
WRITES = {  # what an edit alone permits: POST, PATCH, DELETE
    "book": (1, 0, 0), "linked": (1, 0, 0), "move": (0, 1, 0), "rename": (0, 1, 0), "end": (0, 0, 1),
    "back": (1, 1, 1), "reassign": (1, 1, 1), "travel": (0, 0, 0), "delete": (1, 0, 0), "discard": (1, 0, 0),
    "undelete": (1, 1, 1), "invite": (1, 0, 0), "copy": (0, 0, 0), "drag": (0, 0, 0), "retitle": (0, 0, 0),
    "free": (0, 0, 0),
}  # fmt: skip


@dataclass
class Scene:
    """Edits and what is there, as a test writes them."""

    bookings: dict[str, str] = field(default_factory=lambda: {B1: "", B2: ""})
    replaceable: set[str] = field(default_factory=set)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    writes: list[Call] = field(default_factory=list)

    def invariants(self) -> Invariants:
        """Return the checks of this scene."""
        return Invariants(self, lambda: self.events, lambda: self.writes)


def event(event_id: str, booking: str = B1, *, mailbox: str = OLA, **more: Any) -> tuple[str, dict[str, Any]]:
    """Return an event of the relay with its mailbox; its transactionId is its own."""
    shown = {"immutableId": event_id, "transactionId": f"t-{event_id}", "attendees": []}
    return mailbox, {**shown, "extendedProperties": {"mark": f"organization/{booking}"}, **more}


def is_accepted(invariants: Invariants, *acts: Act) -> bool:
    """Return whether the checks pass."""
    try:
        invariants.check(acts)
    except AssertionError:
        return False
    return True


def test_two_events_of_a_booking_are_refused() -> None:
    """In one calendar or in two, while it lives and once it is over; not when a person made one of them her meeting."""
    second = event("E2", mailbox=KARI)
    for ended in ("", "deleted"):
        assert not is_accepted(Scene({B1: ended}, events=[event("E1"), second]).invariants())
    assert is_accepted(Scene(events=[event("E1"), event("E2", B2)]).invariants())
    assert is_accepted(Scene(events=[event("E1", attendees=["guest"]), second]).invariants())


def test_a_transaction_id_of_two_events_is_refused() -> None:
    """Also one after the other, and when the first one was a meeting."""
    scene = Scene(events=[event("E1")])
    invariants = scene.invariants()
    assert is_accepted(invariants)
    scene.replaceable = {B1}
    scene.events = [event("E2", transactionId="t-E1")]
    assert not is_accepted(invariants)


@pytest.mark.parametrize(
    ("replaceable", "passes"), [(set(), False), ({B2}, False), ({B1}, True)], ids=["none", "of-another", "its-own"]
)
def test_another_event_needs_a_reason(replaceable: set[str], *, passes: bool) -> None:
    """The booking itself ended, changed its resource, or lost its event; and each reason serves once."""
    scene = Scene(events=[event("E1")])
    invariants = scene.invariants()
    assert is_accepted(invariants)
    scene.events, scene.replaceable = [event("E2")], replaceable
    assert is_accepted(invariants) is passes
    scene.events = [event("E3")]
    assert not is_accepted(invariants)


def test_an_event_that_was_away_for_a_while_comes_back_as_the_same() -> None:
    """A check that finds no event forgets none."""
    scene = Scene(events=[event("E1")])
    invariants = scene.invariants()
    assert is_accepted(invariants)
    scene.events = []
    assert is_accepted(invariants)
    scene.events = [event("E2")]
    assert not is_accepted(invariants)


@pytest.mark.parametrize(
    ("events", "is_meeting", "is_returning", "passes"),
    [
        (["right"], False, False, True), (["wrong"], False, True, False), ([], False, True, False),
        (["right", "right"], False, True, False), ([], True, False, True), ([], True, True, True),
        (["right"], True, False, False), (["right"], True, True, True), (["wrong"], True, True, False),
    ],
)  # fmt: skip
def test_at_rest_a_meeting_or_an_event_stands_for_a_booking(
    events: list[str], *, is_meeting: bool, is_returning: bool, passes: bool
) -> None:
    """Both only when the meeting is an old one, which the relay leaves to its owner."""
    assert are_at_rest(events, ["right"], is_meeting=is_meeting, is_returning=is_returning) is passes


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize(
    ("trouble", "more"), [({}, 0), (KILLED, 1), ({"fault": {**LOST, "times": 4}}, 4), (LATE, 3), (KILLED | LATE, 4)],
    ids=["none", "killed", "fault", "late", "killed-and-late"],
)  # fmt: skip
def test_a_write_more_than_the_edits_permit_is_refused(
    kind: str, method: str, trouble: dict[str, Any], more: int
) -> None:
    """Each trouble permits the attempts that it can cause, and no other edit counts."""
    number = WRITES[kind][("POST", "PATCH", "DELETE").index(method)] + more
    act = Act(kind, **trouble)
    assert is_accepted(Scene(writes=[(method, "path")] * number).invariants(), act)
    assert not is_accepted(Scene(writes=[(method, "path")] * (number + 1)).invariants(), act)


def test_the_permitted_writes_of_all_acts_add_up() -> None:
    """Two bookings and a move: two creations and a change."""
    acts = Act("book"), Act("linked"), Act("move")
    writes = [("POST", "path"), ("POST", "path"), ("PATCH", "path")]
    assert is_accepted(Scene(writes=writes).invariants(), *acts)
    assert not is_accepted(Scene(writes=writes).invariants(), *acts[1:])
