"""Carried out and looked at again, every state comes to rest, and nothing is written on the way that must not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Any, get_args

import pytest

from shared.dataverse.decide import decide
from shared.dataverse.decision import ChangeBooking, Decision, NewStatus
from shared.dataverse.look import Direction, Look
from shared.dataverse.prints import gone
from shared.dataverse.sides import UNDER_WAY, Booking, Event, Status, times_of
from shared.storage.pairs.pair import Pair, Side, State
from tests.unit.dataverse.carried_out import carried_out
from tests.unit.dataverse.scene import B_STATES, E_STATES, PHASES, PRINTS, Scene, pair_of

MOST_LOOKS = 5
BUSY = UNDER_WAY | {Status.COMPLETED}
GONE_PRINT = PRINTS.make(gone())


def stored_pairs(scene: Scene) -> dict[str, Pair]:
    """Return the pair of a scene in each state in which an earlier look can have left it."""
    booking, event = scene.before
    ended = replace(booking, status=Status.ENDED)
    past = {
        "paired": scene.pair,
        "making": replace(scene.pair, state="making", **_unmade(scene.born)),
        "muted, event gone": replace(scene.pair, state="muted", event_print=GONE_PRINT),
        "muted, booking over": pair_of(ended, event, born=scene.born, state="muted"),
        "ended, booking over": pair_of(ended, event, born=scene.born, state="ended"),
        "ended, canceled by the relay": pair_of(ended, None, born=scene.born, state="ended", canceled_by_us=True),
        "ended, booking deleted": pair_of(None, event, born=scene.born, state="ended"),
        "ended by time": replace(scene.pair, state="ended"),
    }
    return {name: replace(pair, start=booking.start, end=booking.end) for name, pair in past.items()}


def _unmade(born: Side) -> dict[str, Any]:
    return {"event_id": "", "event_etag": ""} if born == "dataverse" else {"booking_etag": ""}


def looks() -> Iterator[tuple[str, Look]]:
    """Yield every product of the states of both sides and of the stored pair; one way only with a paired one."""
    sides: tuple[Side, ...] = get_args(Side)
    for b, e, born, link, phase, others, direction in product(
        B_STATES, E_STATES, sides, "LP", PHASES, (False, True), Direction
    ):
        scene = Scene(b=b, e=e, born=born, link=link, phase=phase, others=others, direction=direction)
        for name, pair in stored_pairs(scene).items():
            if direction is Direction.BOTH or name == "paired":
                yield f"{scene} {name}", replace(scene.look(), pair=pair)


def violations(look: Look, decision: Decision) -> list[str]:
    """Return what a decision does that none may do."""
    booking, event = look.booking, look.event
    wrong = []
    if not 1 <= decision.row <= 60:
        wrong.append("row")
    write = decision.dataverse
    if isinstance(write, ChangeBooking) and isinstance(booking, Booking):
        is_canceled = write.status is NewStatus.CANCELED
        wrong += ["linked booking canceled"] * (is_canceled and booking.is_linked)
        wrong += ["booking under way canceled"] * (is_canceled and booking.status in BUSY)
        ended = booking.status is Status.ENDED
        wrong += ["ended row written"] * (ended and decision.row not in (25, 27))
    if isinstance(event, Event) and not event.is_plain:
        is_changed = decision.outlook is not None and getattr(decision.outlook, "event_id", None) == event.id
        is_removed = event.id in {each.event_id for each in decision.removals}
        wrong += ["meeting written"] * (is_changed or is_removed)
    may_write = look.context.rules.direction.may_write
    wrong += ["outlook forbidden"] * (decision.writes_outlook and not may_write("outlook"))
    wrong += ["dataverse forbidden"] * (decision.dataverse is not None and not may_write("dataverse"))
    return wrong


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long), 11], ids=["all", "every eleventh"])
def test_every_state_comes_to_rest_without_a_forbidden_write(step: int) -> None:
    """Within five looks nothing is written any more; the same look gives the same decision."""
    wrong, number = [], 0
    for name, first in islice(looks(), 0, None, step):
        number += 1
        assert number % 50 or decide(first) == decide(first)
        look, decision, found = to_rest(first)
        wrong += [(name, *each) for each in found]
        wrong += [(name, "not at rest", decision.row)] * decision.writes
        wrong += [(name, "different times", decision.row)] * differs(look, decision)
    assert number > 20_000 / step
    assert wrong[:5] == [], len(wrong)


def to_rest(look: Look) -> tuple[Look, Decision, list[tuple[str, int]]]:
    """Carry decisions out until nothing changes; return the last look and decision, and what is wrong."""
    wrong = []
    for _ in range(MOST_LOOKS):
        decision = decide(look)
        wrong += [(each, decision.row) for each in violations(look, decision)]
        if not decision.writes and decision.after in (None, look.pair):
            break
        look = carried_out(decision, look)
    return look, decide(look), wrong


def differs(look: Look, decision: Decision) -> bool:
    """Return whether two halves that are kept in step have different times at rest, and nobody was told."""
    booking, event, pair = look.booking, look.event, look.pair
    if look.context.rules.direction is not Direction.BOTH or decision.row in (1, 2, 6, 7, 20, 43, 45, 46):
        return False
    if not isinstance(booking, Booking) or not isinstance(event, Event) or pair is None or pair.state != "paired":
        return False
    if booking.status in BUSY and (pair.born == "outlook" or event.is_others):
        return False
    return booking.status is not Status.ENDED and times_of(booking) != times_of(event)


@pytest.mark.parametrize("state", get_args(State))
def test_each_state_is_among_those_that_are_tested(state: State) -> None:
    """Held pairs are in the table; all others are stored by the scenes above."""
    states = {pair.state for pair in stored_pairs(Scene()).values()} | {"held"}
    assert state in states
