"""The operations on schedules, and what they answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.api.times import TIME_PATTERN
from shared.scheduling.requests import BookingRequest, NewTimes
from tools.openapi.calendars import CalendarEvent
from tools.openapi.fields import Strict, WatchId
from tools.openapi.operation import Header, Operation, Query, Response
from tools.openapi.responses import Problem

ZonedMoment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$",
        description="By the clock of timeZone, with its offset then.",
        json_schema_extra={"format": "date-time"},
    ),
]


class Slot(Strict):
    """A time that is free."""

    start: ZonedMoment
    end: ZonedMoment
    mailboxes: list[str] = Field(min_length=1, description="Which of the mailboxes are free then.")


class SlotPage(Strict):
    """A page of slots, earliest first."""

    value: list[Slot]
    next_link: str | None = Field(description="Where the next page is; null after the last.")


class SlotTaken(Problem):
    """The time is not free."""

    nearest: list[Slot] = Field(default=[], description="Free slots of the same length, the nearest first.")


class BookingAnswer(Strict):
    """A booking, and its event as it is in the calendar."""

    id: WatchId
    mailbox: str
    event: CalendarEvent


_MINUTES = {"type": "integer", "multipleOf": 5, "minimum": 5}
_MOMENT = {"type": "string", "pattern": TIME_PATTERN}
_SLOT_QUERY = (
    Query("from", "Slots that begin at this moment or later, with an offset or by the clock of timeZone.", _MOMENT,
          required=True),
    Query("to", "Slots that end by this moment, at most 31 days later.", _MOMENT, required=True),
    Query("duration", "How many minutes a slot has.", {**_MINUTES, "maximum": 480}, required=True),
    Query("timeZone", "IANA's name, or Windows'; slots are told by its clock.",
          {"type": "string", "default": "UTC", "maxLength": 60}),
    Query("stepMinutes", "Slots begin at multiples of it, counted from midnight.",
          {**_MINUTES, "maximum": 1440, "default": 30}),
    Query("bufferMinutes", "How many minutes before and after a slot have to be free of others.",
          {**_MINUTES, "minimum": 0, "maximum": 480, "default": 0}),
    Query("with", "Up to 19 more mailboxes, separated by commas.", {"type": "string"}),
    Query("match", "Whether any of the mailboxes has to be free, or all of them.",
          {"type": "string", "enum": ["any", "all"], "default": "any"}),
    Query("pageSize", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
)  # fmt: skip
_KEY = Header(
    "Idempotency-Key", "The same key books the same slot once, however often the call is sent.",
    {"type": "string", "pattern": "^[!-~]{1,100}$"},
)  # fmt: skip
_TAKEN = Response("The time is not free: the nearest slots that are.", SlotTaken, media="application/problem+json")
_BOOKING = "schedules/{mailbox}/bookings/{id}"
_BOOKED = Response("The booking.", BookingAnswer)

SCHEDULING = (
    Operation(
        "list_slots", "get", "schedules/{mailbox}/slots", "partner",
        "List free slots within working hours, earliest first.",
        {200: Response("A page.", SlotPage)}, (403, 404, 422, 502, 503), query=_SLOT_QUERY, feature="scheduling",
    ),
    Operation(
        "create_booking", "post", "schedules/{mailbox}/bookings", "partner",
        "Book a slot. Of all who want a time exactly one gets it.",
        {
            200: Response("An earlier call with this Idempotency-Key has booked it.", BookingAnswer, ("Location",),
                        names=_BOOKING),
            201: Response("It is booked.", BookingAnswer, ("Location",), names=_BOOKING),
            409: _TAKEN,
        },
        (400, 403, 404, 422, 502, 503), BookingRequest, headers=(_KEY,), feature="scheduling",
    ),
    Operation(
        "get_booking", "get", _BOOKING, "partner", "Read a booking, with its event as it is now.",
        {200: _BOOKED}, (403, 404, 422, 502, 503), feature="scheduling",
    ),
    Operation(
        "move_booking", "patch", _BOOKING, "partner", "Move a booking to another time, or leave it where it is.",
        {200: _BOOKED, 409: _TAKEN}, (400, 403, 404, 422, 502, 503), NewTimes, feature="scheduling",
    ),
    Operation(
        "cancel_booking", "delete", _BOOKING, "partner",
        "Cancel a booking: its event is deleted, and who was invited is told. Doing it again is as good.",
        {204: Response("It is not there any more, or never was.")}, (403, 404, 422, 502, 503), feature="scheduling",
    ),
)  # fmt: skip
