"""The rows of the decision table that write Dataverse, or would, each as the acts of people on both sides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from tests.support.booking_edits import exchange, live_rows, rows
from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, change_event
from tests.support.pair_edits import bring_back, drag, end_booking, linked, on_event, remove_event, set_status, tick
from tests.support.pair_edits import reassign as give
from tests.support.pairs_world import PairsWorld

LONG = 600  # seconds, after which lists have caught up
Act = Callable[[PairsWorld], object]


class Row(NamedTuple):
    """A row of the table: what there is, what happens then, and what both sides show at rest.

    `shows`: "step": an event for each live booking, at its times. "muted": the event, and no live booking. "none":
    neither. "left": what there was. "booked": the booking alone, without an event. `is_quiet`: nothing is written, so
    that the row is not logged.
    """

    number: int
    name: str
    act: Act
    shows: str = "step"
    make: Act = lambda world: add_event(world, 100)
    before: Act = lambda _: None
    finding: str = ""
    is_quiet: bool = False


def booked(world: PairsWorld) -> object:
    """Make a plain booking, as a dispatcher."""
    return world.dataverse.book(hours=100)


def booked_now(world: PairsWorld) -> object:
    """Make one of this hour."""
    return world.dataverse.book(hours=0)


def booking_id(world: PairsWorld) -> str:
    """Return the id of the only booking, or of the one that was made last."""
    found = live_rows(world) or rows(world) or rows(world, KARI)
    return str(found[-1]["bookableresourcebookingid"])


def event_id(world: PairsWorld) -> str:
    """Return the id of the only event."""
    (event,) = world.calendar()
    return str(event["id"])


def on_booking(act: Callable[..., object], *given: Any, **named: Any) -> Act:
    """Return an act on the only booking."""
    return lambda world: act(world, booking_id(world), *given, **named)


def changed(**changes: Any) -> Act:
    """Return a person's change of the only event."""
    return lambda world: change_event(world, event_id(world), **changes)


def both(*acts: Act) -> Act:
    """Return one act after another."""

    def act(world: PairsWorld) -> None:
        for each in acts:
            each(world)

    return act


def status(name: str) -> Act:
    """Return that the only booking gets a status; Field Service writes what follows from it."""
    return both(on_booking(set_status, name), lambda world: world.dataverse.control("POST", "/background/flush"))


def exchanged(*acts: Act) -> Act:
    """Return one act after another, each settled."""
    return both(*(each for act in acts for each in (act, exchange)))


def link(world: PairsWorld) -> None:
    """Give the only booking a work order."""
    world.change(booking_id(world), **{"msdyn_workorder@odata.bind": world.dataverse.work_order()})


def soft_delete(world: PairsWorld) -> None:
    """Move the only event to Deleted Items, until lists have caught up."""
    world.deleted_event = event_id(world)
    on_event(world, OLA, event_id(world), "softDelete")
    tick(world, LONG)


def undelete(world: PairsWorld) -> None:
    """Take it back out of Deleted Items."""
    on_event(world, OLA, world.deleted_event, "restore")
    tick(world, LONG)


def refuse(world: PairsWorld, **more: Any) -> None:
    """Let a rule of the customer refuse changes of bookings."""
    world.dataverse.control("POST", "/plugins", {"refuse": "not now", **more})


MOVED = partial(drag, hours=130)
BOARD_MOVED = on_booking(lambda world, booking: world.move(booking, 160))
FREE, BUSY = changed(showAs="free"), changed(showAs="busy")
CANCELED, DELETED = on_booking(end_booking, "canceled"), on_booking(end_booking, "deleted")
MEETING: Act = changed(attendees=[{"emailAddress": {"address": KARI}, "type": "required"}])


ROWS = (
    Row(8, "given to somebody else", on_booking(give, KARI)),
    Row(8, "given to somebody else and moved", both(on_booking(give, KARI), BOARD_MOVED)),
    Row(11, "canceled by a person", CANCELED, "muted", is_quiet=True),
    Row(11, "deleted by a person", DELETED, "muted", is_quiet=True),
    Row(12, "canceled by a person, and the event moved", both(CANCELED, MOVED), "muted", is_quiet=True),
    Row(26, "canceled by a person, and the event moved later", MOVED, before=CANCELED),
    Row(13, "deleted by a person, and the event free", both(FREE, DELETED), "muted", is_quiet=True),
    Row(14, "the event of a work order deleted", remove_event, make=linked),
    Row(15, "the event deleted", remove_event, "none", make=booked),
    Row(16, "the event deleted and the booking moved", both(remove_event, BOARD_MOVED), make=booked),
    Row(17, "the event deleted at work", remove_event, make=booked_now, before=status("In Progress")),
    Row(18, "the event deleted after work", remove_event, "booked", make=booked, before=status("Completed"),
        is_quiet=True),
    Row(18, "the event moved after work", MOVED, make=booked, before=status("Completed")),
    Row(19, "the event moved at work", MOVED, make=booked_now, before=status("In Progress")),
    Row(20, "a person's event moved at work", MOVED, "left", finding="movedUnderWay",
        make=lambda world: add_event(world, 0), before=status("In Progress")),
    Row(21, "a person's event deleted", remove_event, "none"),
    Row(21, "a person's event deleted at work", remove_event, "booked", finding="deletedUnderWay",
        make=lambda world: add_event(world, 0), before=status("In Progress")),
    Row(22, "a person's event deleted, and a work order since", remove_event, "booked", before=link,
        finding="deletedButLinked"),
    Row(22, "a person's event free, and a work order since", FREE, "left", before=link, finding="deletedButLinked"),
    Row(23, "a person's event deleted and the booking moved", both(BOARD_MOVED, remove_event), "none"),
    Row(24, "a person's event free and the booking moved", both(BOARD_MOVED, FREE), "muted"),
    Row(59, "a person's event free", FREE, "muted"),
    Row(25, "free and busy again", BUSY, before=FREE),
    Row(27, "restored from Deleted Items", undelete, before=soft_delete),
    Row(27, "restored from Deleted Items, canceled by a person", undelete, "muted",
        before=exchanged(CANCELED, soft_delete), is_quiet=True),
    Row(27, "restored after a refused cancellation, and canceled by a person", undelete, "muted", is_quiet=True,
        before=exchanged(lambda world: refuse(world, on="status", times=1), soft_delete, CANCELED)),
    Row(30, "restored by a dispatcher", on_booking(bring_back, "canceled"), before=CANCELED, is_quiet=True),
    Row(30, "restored by a dispatcher, at other times", both(on_booking(bring_back, "canceled"), BOARD_MOVED),
        before=CANCELED),
    Row(34, "proposed by a dispatcher", status("Proposed"), "left", is_quiet=True),
    Row(35, "out of office", changed(showAs="oof"), "left", is_quiet=True),
    Row(36, "both moved, of a dispatcher", both(MOVED, BOARD_MOVED), make=booked),
    Row(36, "both moved, of a person", both(MOVED, BOARD_MOVED)),
    Row(37, "moved and canceled, of a dispatcher", both(MOVED, CANCELED), "none", make=booked, is_quiet=True),
    Row(38, "renamed by a dispatcher, who booked", on_booking(lambda world, each: world.change(each, name="Other")),
        make=booked),
    Row(39, "renamed by a person, of a dispatcher", changed(subject="Other"), "left", make=booked, is_quiet=True),
    Row(40, "private", changed(sensitivity="private"), "left"),
    Row(41, "renamed by a dispatcher", on_booking(lambda world, each: world.change(each, name="Other")), "left",
        is_quiet=True),
    Row(43, "a meeting moved on the board", BOARD_MOVED, before=MEETING),
    Row(44, "a person's event got attendees", MEETING, "left", is_quiet=True),
    Row(45, "a dispatcher's event got attendees", both(MEETING, MOVED), "left", make=booked, finding="meetingLetGo"),
    Row(49, "a move that is refused", both(refuse, MOVED), make=booked, finding="refusedByDataverse"),
    Row(49, "a person's move that is refused", both(refuse, MOVED), "left", finding="refusedByDataverse"),
    Row(49, "a cancellation that is refused", both(lambda world: refuse(world, on="status"), remove_event),
        make=booked, finding="refusedByDataverse"),
    Row(49, "a person's cancellation that is refused", both(lambda world: refuse(world, on="status"), remove_event),
        "booked", finding="refusedByDataverse"),
    Row(54, "the event of a crew moved", MOVED,
        make=lambda world: world.dataverse.book(hours=100, msdyn_cascadecrewchanges=True)),
    Row(57, "moved on the board", BOARD_MOVED),
    Row(58, "moved in Outlook", MOVED, make=booked),
    Row(58, "a person's event moved", MOVED),
)  # fmt: skip
