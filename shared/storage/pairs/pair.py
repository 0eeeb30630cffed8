"""The row of a pair: a booking of Dataverse and its event in Outlook; ids, keyed hashes, states and times.

The row's key is the booking's id. The row is there before the first write to either side, so that a worker that is
killed leaves a trace of what it was about to make.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from shared.storage.table import compared

SKEW = timedelta(seconds=3)  # the largest difference of two instances' clocks
_NONE = "[]"
MOST_PENDING = 5  # events of one pair that are still to be removed


Side = Literal["dataverse", "outlook"]  # one of the two systems; as `born`, the one in which the pair began
# What is done for a pair:
# - making: one of its halves is being made; the row was stored first.
# - paired: both halves are kept in step.
# - muted: one half is gone or ended, and nothing is made for it until the other half changes.
# - held: nothing is written until an administrator releases it, or the right that was missing is there again.
# - ended: nothing is left to keep in step.
State = Literal["making", "paired", "muted", "held", "ended"]
# Why a pair is held. right: 403, until a look can read both sides. former: more than MOST_PENDING events to remove.
# repeats: both sides answer each other's writes, or a plug-in turns a value back. answer: a booking that was made came
# back with another resource.
HeldBy = Literal["", "right", "brake", "former", "repeats", "answer", "administrator"]


class Former(NamedTuple):
    """An event that the pair no longer names. Without an id: one that may have been made, to be looked up by its mark.

    `is_removed`: it is known to be gone. It is kept, because its owner can restore it from Deleted Items.
    """

    watch_id: str
    event_id: str
    transaction_id: str
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair. `id` is the booking's id as 32 hex digits; times are in UTC, None or "" when unknown.

    - `event_id`: Graph's immutable id; "" until the event exists. `mailbox_watch`: the id of its mailbox's watch.
    - `resource`: the id of the bookable resource in whose calendar the event is, which need not be the booking's.
    - `generation`: which event (born in Dataverse) or booking (born in Outlook) of this pair the present one is.
    - `booking_print`, `event_print`: what each side showed after the last look or write (shared.dataverse.prints).
    - `booking_etag`, `event_etag`: the versions of that moment.
    - `former`: the events that the pair does not name any more, as JSON.
    - `canceled_by_us`: whether the relay canceled the booking.
    - `restored`: the times of the last two restorations of the event by the relay, as JSON.
    - `writes`: times and sides of the relay's last writes, as JSON, to detect two sides that answer each other.
    - `series_id`, `original_start`: of an occurrence. `start`, `end`: of the booking or event at the last look.
    - `cause`: the id of the booking's work order or requirement, which tells a move from a removal.
    - `failing_since`: since when one side could not be read. `read_at`: when the last look at both sides began.
    - `claimed_until`, `retry_token`: the claim of a worker, and the message that owes the next attempt.
    """

    id: str
    born: Side
    state: State
    resource: str
    mailbox_watch: str
    event_id: str = ""
    generation: int = 1
    booking_etag: str = ""
    event_etag: str = ""
    booking_print: str = ""
    event_print: str = ""
    former: str = ""
    series_id: str = ""
    original_start: datetime | None = None
    start: datetime | None = field(default=None, metadata=compared())
    end: datetime | None = field(default=None, metadata=compared())
    held_by: HeldBy = ""
    canceled_by_us: bool = False
    restored: str = ""
    writes: str = ""
    failing_since: datetime | None = None
    read_at: datetime | None = None
    claimed_until: datetime | None = None
    retry_token: str = ""
    cause: str = ""
    etag: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError or TypeError if a column of JSON is damaged: the row is unreadable as a whole then."""
        if self.former or self.restored or self.writes:
            self.formers(), self.restorations(), self.recent_writes()

    @property
    def booking_id(self) -> str:
        """The booking's id as Dataverse writes it."""
        return str(uuid.UUID(self.id))

    @property
    def is_from_dataverse(self) -> bool:
        """Whether the pair began with a booking."""
        return self.born == "dataverse"

    def formers(self) -> tuple[Former, ...]:
        """Return the events that the pair does not name any more, oldest first."""
        return tuple(Former(*each) for each in json.loads(self.former or _NONE))

    def pending(self) -> tuple[Former, ...]:
        """Return those that are still to be removed."""
        return tuple(each for each in self.formers() if not each.is_removed)

    def restorations(self) -> tuple[datetime, ...]:
        """Return when the relay restored the event, oldest first."""
        return tuple(datetime.fromisoformat(each) for each in json.loads(self.restored or _NONE))

    def recent_writes(self) -> tuple[tuple[datetime, Side], ...]:
        """Return when the relay wrote to which side, oldest first."""
        return tuple((datetime.fromisoformat(moment), side) for moment, side in json.loads(self.writes or _NONE))


def is_covered(pair: Pair, hinted_at: datetime) -> bool:
    """Return whether a look at both sides that began after a hint covers it."""
    return pair.read_at is not None and pair.read_at - SKEW > hinted_at


def key_of(booking_id: str) -> str:
    """Return the key of a booking's pair. Raises ValueError if that is no GUID."""
    return uuid.UUID(booking_id).hex


def with_formers(pair: Pair, formers: Iterable[Former]) -> Pair:
    """Return a pair with these former events: all that are pending, and of the removed ones the newest.

    Each is there once.
    """
    every = list({(each.watch_id, each.event_id, each.transaction_id): each for each in formers}.values())
    removed = [each for each in every if each.is_removed]
    dropped = removed[: max(len(every) - MOST_PENDING, 0)]
    kept = [list(each) for each in every if each not in dropped]
    return replace(pair, former=json.dumps(kept) if kept else "")


def restored_text(moments: Iterable[datetime]) -> str:
    """Return times of restorations as stored."""
    return json.dumps([moment.isoformat(timespec="seconds") for moment in moments])


def writes_text(writes: Iterable[tuple[datetime, Side]]) -> str:
    """Return times and sides of writes as stored."""
    return json.dumps([[moment.isoformat(timespec="seconds"), side] for moment, side in writes])
