"""The operations of the feature scheduling, and models of their responses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.api.times import TIME_PATTERN
from shared.scheduling.requests import BookingRequest, NewTimes
from shared.scheduling.slot_requests import SlotRequest
from tools.openapi.calendars import CalendarEvent
from tools.openapi.fields import IDEMPOTENCY_KEY, Strict, WatchId
from tools.openapi.operation import Header, Operation, Query, Response
from tools.openapi.responses import Problem

ZonedMoment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$",
        description="Local time in timeZone, with its offset.",
        json_schema_extra={"format": "date-time"},
    ),
]


class Slot(Strict):
    """A free slot."""

    start: ZonedMoment
    end: ZonedMoment
    mailboxes: list[str] = Field(min_length=1, description="The mailboxes that are free then.")


class UnavailableSchedule(Strict):
    """A mailbox whose schedule Microsoft Graph does not return."""

    mailbox: str
    code: Literal["schedule_unavailable", "graph_unavailable"] = Field(
        description="graph_unavailable: that passes by itself."
    )
    detail: str


class SlotPage(Strict):
    """A page of slots, earliest first."""

    value: list[Slot]
    unavailable: list[UnavailableSchedule] = Field(
        default=[], description="With match=any, the mailboxes that were left out."
    )
    next_link: str | None = Field(description="URL of the next page; null on the last.")


class SlotTaken(Problem):
    """The slot is not free."""

    nearest: list[Slot] = Field(default=[], description="Free slots of the same length, the nearest first.")


class SchedulesUnavailable(Problem):
    """Mailboxes of the call have no schedule."""

    unavailable: list[UnavailableSchedule] = Field(default=[])


class BookingAnswer(Strict):
    """A booking, with its event as it is in the calendar."""

    id: WatchId
    mailbox: str
    event: CalendarEvent


_MINUTES = {"type": "integer", "multipleOf": 5, "minimum": 5}
_MOMENT = {"type": "string", "pattern": TIME_PATTERN}
_SLOT_QUERY = (
    Query("from", "Slots that begin at this time or later, with an offset or as local time in timeZone.", _MOMENT,
          required=True),
    Query("to", "Slots that end at this time or before, at most 31 days later.", _MOMENT, required=True),
    Query("duration", "Length of a slot in minutes.", {**_MINUTES, "maximum": 480}, required=True),
    Query("timeZone", "IANA or Windows name of a time zone, also for the slots in the response.",
          {"type": "string", "default": "UTC", "maxLength": 60}),
    Query("stepMinutes", "Slots begin at multiples of it from midnight.",
          {**_MINUTES, "maximum": 1440, "default": 30}),
    Query("bufferMinutes", "Minutes before and after a slot that must be free, too.",
          {**_MINUTES, "minimum": 0, "maximum": 480, "default": 0}),
    Query("with", "Up to 19 other mailboxes, separated by commas.", {"type": "string"},
          deprecated="Use POST /schedules/{mailbox}/slots/query: addresses belong in a body, because URLs are logged."),
    Query("match", "Whether any mailbox or all mailboxes must be free.",
          {"type": "string", "enum": ["any", "all"], "default": "any"}),
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
)  # fmt: skip
_AFTER = Query(
    "after", "Start of the page; taken from nextLink. The body stays the same.",
    {"type": "string", "pattern": r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$"},
)  # fmt: skip
_KEY = Header(
    "Idempotency-Key", "A repeated call of the caller with the same key books the slot only once.",
    IDEMPOTENCY_KEY,
)  # fmt: skip
_TAKEN = Response("The slot is not free; returns the nearest free slots.", SlotTaken, media="application/problem+json")
_NO_SCHEDULE = {
    status: Response(text, SchedulesUnavailable, headers, media="application/problem+json")
    for status, text, headers in (
        (422, "The request is invalid, or mailboxes have no schedule.", ()),
        (503, "The relay or Microsoft Graph is unavailable, or schedules are: try again.", ("Retry-After",)),
    )
}
_BOOKING = "schedules/{mailbox}/bookings/{id}"
_BOOKED = Response("The booking.", BookingAnswer)

SCHEDULING = (
    Operation(
        "list_slots", "get", "schedules/{mailbox}/slots", "partner",
        "List free slots within working hours, earliest first.",
        {200: Response("A page.", SlotPage), **_NO_SCHEDULE}, (403, 404, 502), query=_SLOT_QUERY, feature="scheduling",
    ),
    Operation(
        "query_slots", "post", "schedules/{mailbox}/slots/query", "partner",
        "List free slots of one or several mailboxes, earliest first. POST the same body to nextLink.",
        {200: Response("A page.", SlotPage), **_NO_SCHEDULE}, (400, 403, 404, 502), SlotRequest, query=(_AFTER,),
        feature="scheduling",
    ),
    Operation(
        "create_booking", "post", "schedules/{mailbox}/bookings", "partner",
        "Book a slot. Of concurrent calls for the same time exactly one succeeds.",
        {
            200: Response("Booked by an earlier call with this Idempotency-Key.", BookingAnswer, ("Location",),
                        names=_BOOKING),
            201: Response("Booked.", BookingAnswer, ("Location",), names=_BOOKING),
            409: _TAKEN,
            **_NO_SCHEDULE,
        },
        (400, 403, 404, 502), BookingRequest, headers=(_KEY,), feature="scheduling",
    ),
    Operation(
        "get_booking", "get", _BOOKING, "partner", "Read a booking, with the present state of its event.",
        {200: _BOOKED}, (403, 404, 422, 502, 503), feature="scheduling",
    ),
    Operation(
        "move_booking", "patch", _BOOKING, "partner",
        "Move a booking to another time. If that fails, it keeps its time.",
        {200: _BOOKED, 409: _TAKEN, **_NO_SCHEDULE}, (400, 403, 404, 502), NewTimes, feature="scheduling",
    ),
    Operation(
        "cancel_booking", "delete", _BOOKING, "partner",
        "Cancel a booking: its event is deleted, and Outlook notifies the attendees. Idempotent.",
        {204: Response("Cancelled, or not found.")}, (403, 404, 422, 502, 503), feature="scheduling",
    ),
)  # fmt: skip
