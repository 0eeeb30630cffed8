"""Acts on a booking and its event while a worker is killed or meets another one, and what has to be true afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from shared.dataverse.flow.hints import Hints
from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import AtCall
from tests.support.pair_edits import (
    bring_back,
    drag,
    end_booking,
    linked,
    reassign,
    remove_event,
    shown,
    tick,
)
from tests.support.pairs_world import PairsWorld, pairs_world

HOUR, DAY = 3_700, 90_000  # seconds; after five minutes a transactionId is forgotten, after an hour no removal counts
PAUSES = (0, HOUR, DAY)
STOPPED = 400
Edit = Callable[[PairsWorld, str], object]
Trouble = Callable[[PairsWorld, int], AtCall]
NOTHING: list[tuple[str, str, str]] = []


class Act(NamedTuple):
    """An edit of a booking or its event. `mailbox`: where the event is afterwards, "" if nowhere.

    `before`: the acts that come before, by name.
    """

    edit: Edit
    mailbox: str = OLA
    before: tuple[str, ...] = ("make",)


def _nothing(*_: object) -> None:
    """Leave the booking as it was made."""


def _drag(world: PairsWorld, booking: str) -> None:
    """Move the event in Outlook, which Graph notifies, and the booking, which wins."""
    drag(world, 100)
    world.hint_events(OLA)
    world.move(booking, 90)


def _remove(world: PairsWorld, booking: str) -> None:
    """Delete the event in Outlook, in whichever mailbox it is, which Graph notifies."""
    mailbox = next(each for each in (OLA, KARI) if world.times(each) == [shown(world, booking)])
    remove_event(world, mailbox)
    world.hint_events(mailbox)


ACTS = {
    "make": Act(_nothing, before=()),
    "move": Act(lambda world, booking: world.move(booking, 90)),
    "drag": Act(_drag),
    "remove": Act(_remove),
    "reassign": Act(lambda world, booking: reassign(world, booking, KARI), KARI),
    "return": Act(lambda world, booking: reassign(world, booking, OLA), before=("make", "reassign")),
    "cancel": Act(lambda world, booking: end_booking(world, booking, "canceled"), ""),
    "commit": Act(lambda world, booking: bring_back(world, booking, "canceled"), before=("make", "cancel")),
    "delete": Act(lambda world, booking: end_booking(world, booking, "deleted"), ""),
    "restore": Act(lambda world, booking: bring_back(world, booking, "deleted"), before=("make", "delete")),
}
STORY = [
    ACTS["make"], ACTS["move"], ACTS["reassign"], Act(_remove, KARI), ACTS["return"], ACTS["cancel"], ACTS["commit"],
    ACTS["delete"],
]  # fmt: skip


def notified_at_call(world: PairsWorld, number: int) -> AtCall:
    """Return that another worker handles notifications of all events at a counted moment of the first one."""
    return AtCall(world, number, lambda: _handle_due(world))


def stopped_at_call(world: PairsWorld, number: int) -> AtCall:
    """Return that a worker is stopped at a counted moment, for longer than its claim and Graph's memory of
    transactionIds last, twice; between the two another worker handles the same hints.
    """
    clock = world.dataverse.tenant.clock

    def handled() -> None:
        clock.advance(STOPPED)
        bookings = tuple(pair.booking_id for pair in world.pairs.all())
        world.pair_queue.send(Hints(hinted_at=world.now(), bookings=bookings), 0)
        _handle_due(world)
        clock.advance(STOPPED)

    return AtCall(world, number, handled, is_stop=True)


def _handle_due(world: PairsWorld) -> None:
    """Handle notifications of all events, and what is due."""
    world.hint_events(OLA, KARI)
    for due in [each for each in world.queue.messages if each[0] <= world.now()]:
        world.queue.messages.remove(due)
        world.pair_settling.process(due[1])


def met_trouble(certificates: Path, name: str, trouble: Trouble, number: int, pause: float) -> bool:
    """Act on the only booking of a new world, with trouble in the last act. Return whether there was some."""
    with pairs_world(certificates) as world:
        world.begin_to_follow()
        booking = linked(world, hours=60)
        for each in ACTS[name].before:
            ACTS[each].edit(world, booking)
            world.follow_on()
        return carried_out(world, booking, ACTS[name], trouble(world, number), pause)


def carried_out(world: PairsWorld, booking: str, act: Act, trouble: AtCall, pause: float) -> bool:
    """Act, with trouble, let everything else happen, and assert that the event is in its mailbox alone.

    Return whether there was trouble. A worker that was stopped before it sent may send a second event: it is removed
    when Graph notifies it.
    """
    act.edit(world, booking)
    waiting: list[tuple[datetime, str]] = []
    with trouble:
        world.follow.run()
        waiting = list(world.queue.messages)
        world.empty_queue()
    world.queue.messages += [each for each in waiting if trouble.reached and each not in world.queue.messages]
    tick(world, pause)
    world.empty_queue()
    assert trouble.is_stop or all(len(world.times(each)) <= 1 for each in (OLA, KARI))
    for each in (OLA, KARI):
        world.notify(each)
    world.follow_on()
    expected = [shown(world, booking)] if act.mailbox else NOTHING
    found = {each: world.times(each) for each in (OLA, KARI)}
    assert found == {each: expected if each == act.mailbox else NOTHING for each in (OLA, KARI)}, trouble.number
    return trouble.reached
