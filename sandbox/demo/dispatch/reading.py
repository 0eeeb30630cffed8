"""What stands on the board and in the calendars now, read by the sandbox's control routes alone."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sandbox.stack import Stack

OLA, KARI = "ola@contoso.com", "kari@contoso.com"
TECHNICIANS = (OLA, KARI)
CANCELED = 3
"""A booking status that stands for the end of a booking."""
SHOWN_AS_BUSY = ("busy", "oof")


class Booking(NamedTuple):
    """A row of the board. `is_live`: active, and not canceled. Times as "2026-12-01T08:00:00Z"."""

    id: str
    mailbox: str
    start: str
    end: str
    name: str
    status: str
    is_live: bool


class Event(NamedTuple):
    """An event that makes its person busy. `booking`: the booking that its extended property names, "" if none."""

    id: str
    mailbox: str
    start: str
    end: str
    subject: str
    booking: str
    is_private: bool
    series: str


class Sides(NamedTuple):
    """Both sides at one time."""

    bookings: tuple[Booking, ...]
    events: tuple[Event, ...]

    def booking(self, booking_id: str) -> Booking | None:
        """Return a live booking."""
        return next((each for each in self.bookings if each.id == booking_id and each.is_live), None)

    def at(self, mailbox: str, start: str) -> list[Booking]:
        """Return the live bookings of a technician that begin at a time."""
        return [each for each in self.bookings if each.is_live and (each.mailbox, each.start) == (mailbox, start)]

    def event(self, event_id: str) -> Event | None:
        """Return an event by its immutable id."""
        return next((each for each in self.events if each.id == event_id), None)

    def of(self, booking_id: str) -> list[Event]:
        """Return the events that name a booking."""
        return [each for each in self.events if each.booking == booking_id]


def sides_of(stack: Stack) -> Sides:
    """Read both sides."""
    rows = {each["bookingstatusid"]: each for each in stack.dataverse.control("GET", "/rows/bookingstatuses")["value"]}
    mailboxes = {stack.dataverse.id_of(f"resource:{mailbox}"): mailbox for mailbox in TECHNICIANS}
    bookings = tuple(_booking(each, rows, mailboxes) for each in stack.dataverse.bookings())
    now = datetime.now(UTC)
    window = (utc(now - timedelta(days=1)), utc(now + timedelta(days=60)))
    events = tuple(
        _event(each, mailbox) for mailbox in TECHNICIANS for each in stack.tenant.calendar(mailbox, *window)
        if each["showAs"] in SHOWN_AS_BUSY and not each["isCancelled"]
    )  # fmt: skip
    return Sides(tuple(each for each in bookings if each.mailbox), events)


def utc(moment: datetime) -> str:
    """Return a time as both sides are compared: "2026-12-01T08:00:00Z"."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _booking(row: dict[str, Any], statuses: dict[str, dict[str, Any]], mailboxes: dict[str, str]) -> Booking:
    status = statuses[row["_bookingstatus_value"]]
    is_live = row["statecode"] == 0 and status["status"] != CANCELED
    mailbox = mailboxes.get(row["_resource_value"], "")
    return Booking(
        row["bookableresourcebookingid"], mailbox, row["starttime"], row["endtime"], row["name"] or "",
        status["name"], is_live,
    )  # fmt: skip


def _event(event: dict[str, Any], mailbox: str) -> Event:
    marks = [value.partition("/")[2] for value in event["extendedProperties"].values() if "/" in value]
    start, end = (f"{event[name]['dateTime'][:19]}Z" for name in ("start", "end"))
    is_private = event["sensitivity"] in ("private", "confidential")
    return Event(
        event["immutableId"], mailbox, start, end, event["subject"], marks[0] if marks else "", is_private,
        event["seriesMasterImmutableId"] or "",
    )  # fmt: skip
