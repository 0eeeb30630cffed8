"""Looks that the products of the table do not have, each with its row and answer, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from shared.dataverse.ids import mark_of
from shared.dataverse.look import Direction, Look, Refusal, Stray
from shared.dataverse.prints import Shown
from shared.dataverse.sides import GONE, Booking, Event, Status, Unreadable, Why
from shared.storage.pairs.pair import Former, Pair, restored_text, with_formers
from tests.unit.dataverse.scene import (
    BOOKING,
    E_MOVED,
    HERE,
    HOUR,
    NOW,
    OWN,
    PLAIN,
    START,
    THERE,
    context,
    pair_of,
)

MINE = replace(OWN, mark="", transaction_id="", subject="Visit")
CANCELED = replace(PLAIN, status=Status.ENDED)
MOVED: dict[str, Any] = {"start": E_MOVED, "end": E_MOVED + HOUR}
TWICE = restored_text([NOW - 2 * HOUR, NOW - HOUR])
FORMERS = [Former("watch-here", f"old-{number}", f"t-{number}") for number in range(5)]
AGAIN = replace(OWN, id="event-0", transaction_id="t-0")
UNMADE: dict[str, Any] = {"state": "making", "event_id": "", "event_etag": ""}
SERIES: dict[str, Any] = {"kind": "occurrence", "series_id": "series", "original_start": START}


class Case(NamedTuple):
    """A look with the row and the answer of its decision."""

    name: str
    row: int
    answer: str
    look: Look


def case(name: str, row: int, answer: str, pair: Pair | None = None, **sides: Any) -> Case:
    """Return a case in which both sides may be written."""
    return Case(name, row, answer, Look(**{"context": context(), "pair": pair, "resource": HERE} | sides))


def dv(booking: Booking | None = PLAIN, event: Event | None = OWN, **changes: Any) -> Pair:
    """Return a pair that was born in Dataverse, as the last look left it."""
    return replace(pair_of(booking, event), **changes)


def ol(booking: Booking | None = PLAIN, event: Event | None = MINE, **changes: Any) -> Pair:
    """Return a pair that was born in Outlook, as the last look left it."""
    return replace(pair_of(booking, event, born="outlook"), **changes)


REFUSED = Unreadable(Why.REFUSED, "prvReadBookableResourceBooking")
LONG_AGO: dict[str, Any] = {"start": START - timedelta(days=30), "end": START - timedelta(days=30) + HOUR}
OLD_B, OLD_E = replace(PLAIN, **LONG_AGO), replace(OWN, **LONG_AGO)
FREE = replace(MINE, show_as="free")
ALL_DAY = replace(MINE, is_all_day=True)
DATE = replace(MINE, **SERIES)
MOVED_B, MOVED_E = replace(PLAIN, **MOVED), replace(OWN, **MOVED)
ELSEWHERE = replace(context(), present_organization="0b0b0b0b-0000-4000-8000-00000000000b")
CASES = (
    case("a right is missing", 1, "held !", dv(), booking=REFUSED, event=OWN),
    case("a right is missing for a muted pair", 1, "!", dv(state="muted"), booking=REFUSED, event=GONE),
    case("unreadable for more than a day", 1, "!", dv(failing_since=NOW - timedelta(days=1, hours=1)),
         booking=Unreadable(), event=OWN),
    case("unreadable without a pair", 1, "-", booking=Unreadable()),
    case("another organization", 2, "-", dv(), booking=MOVED_B, event=OWN, context=ELSEWHERE),
    case("a held pair", 2, "-", dv(state="held", held_by="brake"), booking=MOVED_B, event=OWN),
    case("a resource that is not followed", 2, "-", booking=replace(PLAIN, resource="unknown")),
    case("over for long", 3, "ended", dv(OLD_B, OLD_E), booking=OLD_B, event=replace(OLD_E, subject="x")),
    case("over for long and deleted", 3, "ended", dv(OLD_B, OLD_E), booking=OLD_B, event=GONE),
    case("over for long and canceled", 3, "ended", dv(OLD_B, OLD_E), booking=replace(OLD_B, status=Status.ENDED),
         event=OLD_E),
    case("deleted, and its event dragged to before the window", 10, "remove E ended", dv(), booking=GONE, event=OLD_E),
    case("one side over for long", 36, "E times", dv(), booking=replace(PLAIN, start=START + HOUR),
         event=OLD_E),
    case("a former event is still there", 5, "remove E", with_formers(dv(), FORMERS[:2]), booking=PLAIN, event=OWN),
    case("a sixth former event", 9, "held !", with_formers(dv(), FORMERS), booking=replace(PLAIN, resource=THERE),
         event=OWN),
    case("a sixth former event, released", 9, "remove E", with_formers(dv(), FORMERS), event=OWN, is_released=True,
         booking=replace(PLAIN, resource=THERE)),
    case("reassigned while its event is made", 5, "make E remove E", dv(**UNMADE),
         booking=replace(PLAIN, resource=THERE), event=GONE),
    case("canceled while a former event is there", 10, "remove E ended", with_formers(dv(), FORMERS[:1]),
         booking=CANCELED, event=GONE),
    case("canceled while its booking is made", 11, "muted", ol(state="making", booking_etag=""), booking=CANCELED,
         event=MINE),
    case("restored twice in a day, linked", 14, "muted !", dv(restored=TWICE), event=GONE,
         booking=replace(PLAIN, is_linked=True)),
    case("restored twice in a day, edited", 16, "muted !", dv(restored=TWICE), event=GONE, booking=MOVED_B),
    case("restored twice in a day, under way", 17, "muted !", dv(restored=TWICE), event=GONE,
         booking=replace(PLAIN, status=Status.TRAVELING)),
    case("restored twice, a day ago", 16, "make E", dv(restored=restored_text([NOW - timedelta(days=2)] * 2)),
         event=GONE, booking=MOVED_B),
    case("muted, and the booking moved", 16, "make E", dv(event=None, state="muted"), event=GONE, booking=MOVED_B),
    case("muted, and completed", 60, "-", dv(event=None, state="muted"), event=GONE,
         booking=replace(MOVED_B, status=Status.COMPLETED)),
    case("muted, and nothing new", 60, "-", dv(event=None, state="muted"), event=GONE, booking=PLAIN),
    case("muted, and the event is back", 57, "E times", dv(MOVED_B, None, state="muted"), event=OWN, booking=MOVED_B),
    case("busy again", 25, "B name+status+times", ol(CANCELED, FREE, state="ended", canceled_by_us=True),
         booking=CANCELED, event=MINE),
    case("busy again, and the canceled row cleaned up", 25, "make B ended",
         ol(CANCELED, FREE, state="ended", canceled_by_us=True, generation=2), booking=GONE, event=MINE),
    case("busy again, canceled by the relay and then moved", 26, "muted",
         ol(CANCELED, FREE, state="ended", canceled_by_us=True), booking=replace(CANCELED, **MOVED), event=MINE),
    case("busy again, canceled by a person", 26, "-", ol(CANCELED, FREE, state="muted"), booking=CANCELED, event=MINE),
    case("busy again, deleted by a person", 26, "muted", ol(None, FREE, state="ended"), booking=GONE, event=MINE),
    case("muted, and the event moved", 26, "make B ended", ol(CANCELED, MINE, state="muted"), booking=CANCELED,
         event=replace(MINE, **MOVED)),
    case("muted, and the event moved out of the window", 60, "-", ol(CANCELED, MINE, state="muted"), booking=CANCELED,
         event=replace(MINE, start=START + timedelta(days=300), end=START + timedelta(days=300))),
    case("muted, and the event as it was", 60, "-", ol(CANCELED, MINE, state="muted"), booking=CANCELED, event=MINE),
    case("restored from Deleted Items", 27, "B name+status+times",
         ol(CANCELED, None, state="ended", canceled_by_us=True), booking=CANCELED, event=MINE),
    case("restored from Deleted Items, canceled by a person", 27, "muted", ol(CANCELED, None, state="ended"),
         booking=CANCELED, event=MINE),
    case("an old event restored", 28, "remove E", dv(), booking=PLAIN, event=OWN, strays=(Stray("watch-here", AGAIN),)),
    case("an old event restored, with attendees", 60, "-", dv(), booking=PLAIN, event=OWN,
         strays=(Stray("watch-here", replace(AGAIN, has_attendees=True)),)),
    case("an old event restored, canceled", 10, "remove E", dv(CANCELED, None, state="ended"), booking=CANCELED,
         event=GONE, strays=(Stray("watch-here", AGAIN),)),
    case("restored from the recycle bin", 29, "make E", dv(None, None, state="ended"), booking=PLAIN, event=GONE),
    case("committed again", 31, "make E", dv(CANCELED, None, state="ended"), booking=PLAIN, event=GONE),
    case("committed again for another resource", 31, "make E", dv(CANCELED, None, state="ended"),
         booking=replace(PLAIN, resource=THERE), event=GONE),
    case("committed again, after the window", 60, "-", dv(CANCELED, None, state="ended"), event=GONE,
         booking=replace(PLAIN, start=NOW + timedelta(days=98), end=NOW + timedelta(days=99))),
    case("no longer left out", 32, "make E",
         dv(replace(PLAIN, status=Status.PROPOSED), None, state="ended",
            booking_print=context().prints.make(Shown("", "leftOut", ""))), booking=PLAIN, event=GONE),
    case("restored, muted, equal", 30, "-", ol(CANCELED, MINE, state="muted"), booking=PLAIN, event=MINE),
    case("restored, muted, different", 30, "B times", ol(CANCELED, MINE, state="muted"), booking=MOVED_B, event=MINE),
    case("committed again by a person, the event gone", 30, "muted",
         ol(CANCELED, None, state="ended", canceled_by_us=True), booking=PLAIN, event=GONE),
    case("proposed by a person", 34, "-", ol(), booking=replace(PLAIN, status=Status.PROPOSED), event=MINE),
    case("both moved alike", 60, "-", dv(), booking=MOVED_B, event=MOVED_E),
    case("titles become busy", 42, "B name", ol(event=replace(MINE, subject="Dentist")), is_sweep=True,
         booking=replace(PLAIN, name="Dentist"), event=replace(MINE, subject="Doctor")),
    case("attendees are added", 44, "-", ol(), booking=PLAIN, event=replace(MINE, has_attendees=True)),
    case("a series without a pair", 46, "-", event=replace(MINE, kind="seriesMaster")),
    case("a series without a pair, one way", 60, "-", event=replace(MINE, kind="seriesMaster"),
         context=context(direction=Direction.TO_OUTLOOK)),
    case("a first event, one way", 52, "-", event=MINE, context=context(direction=Direction.TO_OUTLOOK)),
    case("a first booking, the other way", 52, "-", booking=PLAIN, context=context(direction=Direction.TO_DATAVERSE)),
    case("muted by row 52, and both ways now", 60, "-", dv(event=None, state="muted"), booking=PLAIN, event=GONE),
    case("all day, and the booking gets hours", 47, "E ends_all_day+times", ol(event=ALL_DAY), booking=MOVED_B,
         event=ALL_DAY),
    case("moved past its neighbours", 48, "B times !", ol(event=DATE), booking=MOVED_B, event=DATE,
         refusal=Refusal("outlook", "ErrorOccurrenceCrossingBoundary")),
    case("a booking's move that Graph refuses", 48, "!", dv(), booking=MOVED_B, event=OWN,
         refusal=Refusal("outlook", "ErrorInvalidRequest")),
    case("a move that a plug-in refuses", 49, "E times !", dv(), booking=PLAIN, event=MOVED_E,
         refusal=Refusal("dataverse", "0x80040265")),
    case("a person's move that a plug-in refuses", 49, "!", ol(), booking=PLAIN, event=replace(MINE, **MOVED),
         refusal=Refusal("dataverse", "0x80040265")),
    case("Microsoft's event appears", 50, "remove E ended", dv(), booking=PLAIN, event=OWN, has_tagged=True,
         is_theirs=True),
    case("Microsoft's event beside ours", 50, "!", dv(), booking=PLAIN, event=OWN, has_tagged=True),
    case("Microsoft's event beside ours, and the booking moved", 57, "E times !", dv(), booking=MOVED_B, event=OWN,
         has_tagged=True),
    case("Microsoft's event is there and ours deleted", 50, "ended", dv(), booking=PLAIN, event=GONE, has_tagged=True,
         is_theirs=True),
    case("released, and different without news", 51, "E times", dv(PLAIN, MOVED_E), booking=PLAIN, event=MOVED_E,
         is_released=True),
    case("different without news", 60, "-", dv(PLAIN, MOVED_E), booking=PLAIN, event=MOVED_E),
    case("marked again", 53, "make E", dv(PLAIN, None, state="ended"), booking=PLAIN, event=GONE),
    case("a crew's event moved", 54, "B times", dv(),
         booking=replace(PLAIN, cascades=True),
         event=MOVED_E),
    case("a first booking", 55, "make E", booking=PLAIN),
    case("a first booking, after the window", 60, "-", booking=replace(PLAIN, start=START + timedelta(days=200))),
    case("a first booking that is left to Microsoft", 60, "-", booking=PLAIN, is_theirs=True),
    case("a first booking, canceled", 60, "-", booking=CANCELED),
    case("a first booking, only proposed", 60, "-", booking=replace(PLAIN, status=Status.SIMULATED)),
    case("a first booking, liquid", 60, "-", booking=replace(PLAIN, is_solid=False)),
    case("its event exists, and its pair is lost", 55, "-", booking=PLAIN, event=OWN),
    case("a worker was killed before the event", 55, "make E", dv(**UNMADE), booking=PLAIN, event=GONE),
    case("a worker was killed after the event", 60, "-", dv(**UNMADE), booking=PLAIN, event=OWN),
    case("killed after the event, canceled", 10, "remove E ended", dv(**UNMADE), booking=CANCELED, event=OWN),
    case("a first event", 56, "make B", event=MINE),
    case("a first event that is free", 60, "-", event=FREE),
    case("a first event of Microsoft's sync", 60, "-", event=replace(MINE, is_tagged=True)),
    case("a first event before the window", 60, "-", event=replace(MINE, start=NOW - timedelta(days=9),
                                                                   end=NOW - timedelta(days=8))),
    case("a copy at the same times", 60, "-", event=replace(OWN, id="copy"), copied_from=dv()),
    case("a copy on another day", 56, "make B", event=replace(MOVED_E, id="copy"), copied_from=dv()),
    case("another organization's event", 60, "-", copied_from=dv(),
         event=replace(MOVED_E, mark=mark_of("0b0b0b0b-0000-4000-8000-00000000000b", BOOKING))),
    case("an event of a pair that was forgotten", 60, "-", event=MOVED_E),
    case("a worker was killed before the booking", 56, "make B", ol(state="making", booking_etag=""), booking=GONE,
         event=MINE),
    case("killed before the booking, and free now", 13, "ended", ol(state="making", booking_etag=""), booking=GONE,
         event=FREE),
    case("busy for another booking", 59, "B status ended", ol(), booking=PLAIN, event=FREE),
)  # fmt: skip
