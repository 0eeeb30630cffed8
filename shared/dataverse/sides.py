"""What a look at each side gives: a booking of Dataverse or an event of Outlook, or that it is gone or unreadable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The class of a booking's status, by status and msdyn_fieldservicestatus, never by name ("bookingstatus").

    ENDED: canceled (status 3) or inactive (statecode 1). SIMULATED: one of the optimizer's simulation statuses.
    """

    PROPOSED = "proposed"
    COMMITTED = "committed"
    TRAVELING = "traveling"
    IN_PROGRESS = "inProgress"
    ON_BREAK = "onBreak"
    COMPLETED = "completed"
    SIMULATED = "simulated"
    ENDED = "ended"


UNDER_WAY = frozenset({Status.TRAVELING, Status.IN_PROGRESS, Status.ON_BREAK})


class Why(StrEnum):
    """Why a side could not be read."""

    REFUSED = "refused"  # 401 or 403: a right is missing
    UNAVAILABLE = "unavailable"  # 5xx, 429, a cut line
    NO_MAILBOX = "noMailbox"  # 404 of the mailbox
    UNKNOWN_STATUS = "unknownStatus"  # a required column is null or its value is unknown


@dataclass(frozen=True, slots=True)
class Gone:
    """A side that does not exist: 404 with 0x80040217 to a GET by id; ErrorItemNotFound, and not in the calendar view.

    Also a side that was never made.
    """


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A side that could not be read: nothing is concluded from it."""

    why: Why = Why.UNAVAILABLE
    right: str = ""  # the name of the missing right, if the answer named one


@dataclass(frozen=True, slots=True)
class NotFollowed:
    """A booking without a pair whose resource is not followed. Nothing else of it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A row of bookableresourcebookings. Times are in UTC. `id` has Dataverse's form.

    `is_linked`: it has a work order, a resource requirement or a project. `cascades`: msdyn_cascadecrewchanges.
    `cause`: the id of the first of these, which a booking that replaces this one has, too. `header`: the id of its
    bookableresourcebookingheader, which the bookings of a crew share. `created_by`, `owner`: ids of the user who made
    it, and of the user or team that owns it.
    """

    id: str
    etag: str
    resource: str
    start: datetime
    end: datetime
    status: Status
    name: str = ""
    is_linked: bool = False
    is_solid: bool = True
    cascades: bool = False
    has_work_order: bool = False
    cause: str = ""
    header: str = ""
    created_by: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a mailbox's calendar that is there: the calendar view of its times has it. Times are in UTC.

    - `kind`: Graph's `type`. `original_start`: originalStart of an occurrence. `zone`: originalStartTimeZone.
    - `has_attendees`; `is_organizer`: whether the mailbox is the organizer.
    - `mark`: the relay's extended property, "" if none. `transaction_id`: Graph's transactionId.
    - `created`: Graph's createdDateTime, None if it was not read.
    - `is_tagged`: Microsoft's own sync made it, or did once. `is_in_calendar`: it is in the default calendar.
    """

    id: str
    etag: str
    start: datetime
    end: datetime
    show_as: str = "busy"
    subject: str = ""
    sensitivity: str = "normal"
    kind: str = "singleInstance"
    is_all_day: bool = False
    zone: str = "UTC"
    is_cancelled: bool = False
    has_attendees: bool = False
    is_organizer: bool = True
    is_in_calendar: bool = True
    is_tagged: bool = False
    series_id: str = ""
    original_start: datetime | None = None
    mark: str = ""
    transaction_id: str = ""
    created: datetime | None = None

    @property
    def is_others(self) -> bool:
        """Whether it is a meeting with others, which the relay never writes: every change would be mailed."""
        return self.has_attendees or not self.is_organizer

    @property
    def is_series(self) -> bool:
        """Whether it is a series master."""
        return self.kind == "seriesMaster"

    @property
    def is_plain(self) -> bool:
        """Whether the relay may write or remove it as an event of its own."""
        return not self.is_others and not self.is_series

    @property
    def is_occurrence(self) -> bool:
        """Whether it is one date of a series."""
        return self.kind in ("occurrence", "exception")

    @property
    def is_private(self) -> bool:
        """Whether its subject must not leave the mailbox."""
        return self.sensitivity in ("private", "confidential")


GONE, NOT_FOLLOWED = Gone(), NotFollowed()
BookingSide = Booking | Gone | Unreadable | NotFollowed
EventSide = Event | Gone | Unreadable


def times_of(side: Any) -> tuple[datetime, datetime]:
    """Return start and end of a booking or event in whole seconds, both floored."""
    return side.start.replace(microsecond=0), side.end.replace(microsecond=0)
