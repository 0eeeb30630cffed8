"""What a decision is: the row of the table, at most one write to each side, and what to store of the pair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.storage.pairs.pair import Former, Pair, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeEvent:
    """POST an event without attendees, body and reminder, with the mark and this transactionId."""

    watch_id: str
    transaction_id: str
    mark: str
    subject: str
    start: datetime
    end: datetime
    show_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """PATCH an event with If-Match. None: leave as it is. `ends_all_day`: isAllDay false, and the times in `zone`."""

    watch_id: str
    event_id: str
    etag: str
    start: datetime | None = None
    end: datetime | None = None
    subject: str | None = None
    show_as: str | None = None
    ends_all_day: bool = False
    zone: str = "UTC"


class NewStatus(StrEnum):
    """The status that a booking is given: DATAVERSE_COMMITTED_STATUS or DATAVERSE_CANCELED_STATUS."""

    COMMITTED = "committed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBooking:
    """PATCH with If-None-Match: * and a derived id. If it exists (412), the next look decides."""

    booking_id: str
    resource: str
    start: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBooking:
    """PATCH a booking with If-Match. None: leave as it is. With times, the duration is written, too."""

    booking_id: str
    etag: str
    start: datetime | None = None
    end: datetime | None = None
    name: str | None = None
    resource: str | None = None
    status: NewStatus | None = None


OutlookWrite = MakeEvent | ChangeEvent
DataverseWrite = MakeBooking | ChangeBooking


class Finding(StrEnum):
    """What an administrator or dispatcher should know about a pair."""

    UNREADABLE_FOR_A_DAY = "unreadableForADay"
    RIGHT_MISSING = "rightMissing"
    TARGET_NOT_READY = "targetNotReady"  # the new resource is held or paused, or its mailbox refuses
    TOO_MANY_FORMER = "tooManyFormer"
    MEETING_LET_GO = "meetingLetGo"  # an event of the relay got attendees or became a series
    RESTORED_TOO_OFTEN = "restoredTooOften"
    DELETED_UNDER_WAY = "deletedUnderWay"
    DELETED_BUT_LINKED = "deletedButLinked"
    MOVED_UNDER_WAY = "movedUnderWay"
    OTHER_DIRECTION = "otherDirection"  # DATAVERSE_DIRECTION forbids the write
    REFUSED_BY_OUTLOOK = "refusedByOutlook"
    REFUSED_BY_DATAVERSE = "refusedByDataverse"
    REPEATED = "repeated"  # both sides answer each other's writes
    BESIDE_MICROSOFTS = "besideMicrosofts"  # an event of Microsoft's sync beside the relay's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision; the same look always gives the same one. Its fields are in the order in which it is carried out.

    - `row`: the row of the decision table, for the log. `of_row`: with row 52, the row whose write is forbidden.
    - `counts`: the side of a removal or cancellation that the brake counts, before anything is done.
    - `counts_creation`: the brake counts a booking made for an event that is older than an hour.
    - `before`: the pair to store before any write, None if nothing has to be known first. A new pair is inserted.
    - `outlook`, `removals`, `dataverse`: the writes. A removal without an event's id is looked up by the mark and its
      transactionId. Events that got attendees are not removed: the one who removes reads the event first.
    - `after`: the pair to store after the writes; shared.dataverse.record adds what they answered. Equal to `before`,
      or to the pair of the look: nothing has to be stored.
    - `replaced`: the ended row of the booking of an earlier generation, stored last.
    - `keeps_booking_times`: they stay news for the next look. `undoes`: the writes to Outlook undo a change of Outlook.
    - `looks_again`: look again at once. `retries`: a side was unreadable; look again later, with growing delays.
    - `sisters_wait`: bookings of the same crew wait for this time. `expands`: match the occurrences of the series.
    """

    row: int
    of_row: int = 0
    counts: Side | None = None
    counts_creation: bool = False
    before: Pair | None = None
    outlook: OutlookWrite | None = None
    removals: tuple[Former, ...] = ()
    dataverse: DataverseWrite | None = None
    after: Pair | None = None
    replaced: Pair | None = None
    keeps_booking_times: bool = False
    undoes: bool = False
    finding: Finding | None = None
    looks_again: bool = False
    retries: bool = False
    sisters_wait: timedelta | None = None
    expands: bool = False

    @property
    def writes_outlook(self) -> bool:
        """Whether anything is written to Outlook."""
        return self.outlook is not None or bool(self.removals)

    @property
    def writes(self) -> bool:
        """Whether anything is written to either side."""
        return self.writes_outlook or self.dataverse is not None
