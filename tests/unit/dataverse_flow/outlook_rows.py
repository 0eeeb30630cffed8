"""The rows of the decision table that write Outlook, and those that would write Dataverse, each as a person's acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shared.storage.pairs.pair import Former, key_of, with_formers
from tests.support.dataverse_world import KARI, OLA, ROOM
from tests.support.pair_edits import (
    bring_back,
    drag,
    end_booking,
    linked,
    on_event,
    reassign,
    remove_event,
    set_status,
    tick,
)
from tests.support.pairs_world import PairsWorld

LONG = 600  # seconds, after which lists have caught up
Act = Callable[[PairsWorld, str], object]
Make = Callable[[PairsWorld], str]


class Row(NamedTuple):
    """A row of the table: what is booked, what happens then, and what the calendars show at rest.

    `shows`: "event", none, or "there": the event of the booking in the calendar of its resource, in none, or in that of
    the new resource; "left": what was in the calendars before. `finding`: what is logged with it.
    """

    number: int
    name: str
    act: Act
    shows: str = "event"
    make: Make = lambda world: world.dataverse.book()
    before: Act = lambda *_: None
    finding: str = ""


def now_booked(world: PairsWorld) -> str:
    """Make a booking of this hour."""
    return world.dataverse.book(hours=0)


def under_way(world: PairsWorld, booking: str, status: str = "In Progress") -> None:
    """Give a booking a status of work; Field Service writes what follows from it."""
    set_status(world, booking, status)
    world.dataverse.control("POST", "/background/flush")
    world.follow_on()


def deleted_once(world: PairsWorld, _booking: str) -> None:
    """Delete the event of a linked booking, which is made again."""
    on_event(world, OLA, world.calendar()[0]["id"], "softDelete")
    tick(world, LONG)
    world.notify()


def restored(world: PairsWorld, _booking: str) -> None:
    """Restore the event that was deleted first."""
    (pair,) = world.pairs.all()
    (former,) = pair.formers()
    on_event(world, OLA, former.event_id, "restore")
    tick(world, LONG)


def ended(how: str) -> Act:
    """Return the end of a booking, which is settled."""

    def act(world: PairsWorld, booking: str) -> None:
        end_booking(world, booking, how)
        world.follow_on()

    return act


def both_moved(world: PairsWorld, booking: str) -> None:
    """Move both sides."""
    drag(world, 80)
    world.move(booking, 60)


def deleted_and_moved(world: PairsWorld, booking: str) -> None:
    """Delete the event and move its booking."""
    remove_event(world)
    world.move(booking, 60)


def has_five_formers(world: PairsWorld, booking: str) -> None:
    """Have five events of the pair that are still to be removed."""
    pair = world.pairs.get(key_of(booking))
    assert pair is not None
    formers = [Former(pair.mailbox_watch, f"old-{number}", f"t-{number}") for number in range(5)]
    world.pairs.overwrite(with_formers(pair, formers))


def synchronized(world: PairsWorld, _booking: str) -> None:
    """Let Microsoft's own sync make its event, too."""
    world.dataverse.control("POST", "/outlook-sync/run")


def given_to_nobody(world: PairsWorld, booking: str) -> None:
    """Give a booking to a resource that is not followed."""
    reassign(world, booking, ROOM)
    world.follow_on()


def released(world: PairsWorld, _booking: str) -> None:
    """Hold the mailbox and release it."""
    world.dataverse_hold.hold("it", OLA)
    world.dataverse_hold.release("it", OLA)


def dragged(world: PairsWorld, _booking: str) -> None:
    """Move the event, which is a finding alone."""
    drag(world, 80)
    world.notify()


def canceled_and_dragged(world: PairsWorld, booking: str) -> None:
    """Move the event and cancel its booking."""
    drag(world, 80)
    end_booking(world, booking, "canceled")


def met_and_moved(world: PairsWorld, booking: str) -> None:
    """Invite somebody to the event, and move the booking."""
    meet(world)
    world.move(booking, 60)


def meet(world: PairsWorld) -> None:
    """Invite somebody to the event."""
    (event,) = world.calendar()
    url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}"
    attendees = [{"emailAddress": {"address": KARI}, "type": "required"}]
    answer = world.dataverse.session.patch(url, json={"attendees": attendees}, timeout=60)
    assert answer.ok, answer.text


ROWS = (
    Row(5, "reassigned", lambda world, booking: reassign(world, booking, KARI), "there"),
    Row(6, "given to a resource that is not followed", lambda world, booking: reassign(world, booking, ROOM), "none"),
    Row(10, "canceled", lambda world, booking: end_booking(world, booking, "canceled"), "none"),
    Row(10, "inactive", lambda world, booking: end_booking(world, booking, "inactive"), "none"),
    Row(10, "deleted", lambda world, booking: end_booking(world, booking, "deleted"), "none"),
    Row(10, "canceled and dragged", canceled_and_dragged,
        "none"),
    Row(14, "the event of a work order deleted", lambda world, _: remove_event(world), make=linked),
    Row(16, "the event deleted and the booking moved", deleted_and_moved),
    Row(17, "the event deleted at work", lambda world, _: remove_event(world), make=now_booked, before=under_way),
    Row(18, "the event moved after work", lambda world, _: drag(world, 80),
        before=lambda world, booking: under_way(world, booking, "Completed")),
    Row(19, "the event moved at work", lambda world, _: drag(world, 80), make=now_booked, before=under_way),
    Row(28, "the old event restored", restored, make=linked, before=deleted_once),
    Row(29, "restored from the recycle bin", lambda world, booking: bring_back(world, booking, "deleted"),
        before=ended("deleted")),
    Row(31, "committed again", lambda world, booking: bring_back(world, booking, "canceled"),
        before=ended("canceled")),
    Row(32, "proposed", lambda world, booking: end_booking(world, booking, "proposed"), "none"),
    Row(32, "committed after proposed", lambda world, booking: bring_back(world, booking, "proposed"),
        before=ended("proposed")),
    Row(36, "both moved", both_moved),
    Row(38, "renamed", lambda world, booking: world.change(booking, name="Another visit")),
    Row(50, "Microsoft's event appears", synchronized, "none", make=linked),
    Row(51, "released while both differ", released, before=dragged),
    Row(53, "given to a followed resource again", lambda world, booking: reassign(world, booking, OLA),
        before=given_to_nobody),
    Row(55, "booked", lambda *_: None, before=lambda *_: None),
    Row(57, "moved", lambda world, booking: world.move(booking, 60)),
)  # fmt: skip
UNWRITTEN = (
    Row(7, "reassigned to a held mailbox", lambda world, booking: reassign(world, booking, KARI), "left",
        before=lambda world, _: world.dataverse_hold.hold("it", KARI), finding="targetNotReady"),
    Row(9, "a sixth former event", lambda world, booking: reassign(world, booking, KARI), "left",
        before=has_five_formers, finding="tooManyFormer"),
    Row(45, "the event got attendees", met_and_moved, "left",
        finding="meetingLetGo"),
    Row(48, "at work a day early, with an end before the start", under_way, "left", finding="refusedByOutlook"),
    Row(48, "and its event dragged, which cannot be put back", lambda world, _: drag(world, 80), "left",
        before=under_way, finding="refusedByOutlook"),
    Row(52, "the event deleted", lambda world, _: remove_event(world), "left", finding="otherDirection"),
    Row(52, "the event moved", lambda world, _: drag(world, 80), "left", finding="otherDirection"),
    Row(52, "the event of a crew moved", lambda world, _: drag(world, 80), "left", finding="otherDirection",
        make=lambda world: world.dataverse.book(msdyn_cascadecrewchanges=True)),
)  # fmt: skip
