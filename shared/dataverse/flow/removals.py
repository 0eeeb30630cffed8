"""Read in Dataverse what the brake counts: which bookings of a mailbox are over, and which new ones stand in for them.

A removal is judged before its neighbours are: without this, the first ones of many would be carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from shared.dataverse.brake import HOUR
from shared.dataverse.reading.bookings import BookingReader
from shared.dataverse.sides import Booking, BookingSide, Gone, Status, Unreadable
from shared.dynamics.booking_rows import KEY, BookingRows
from shared.dynamics.errors import DynamicsUnavailable
from shared.storage.pairs.brakes import Creation
from shared.storage.pairs.pair import Pair, key_of
from shared.utc import parse_utc

SEEN_WITHIN = timedelta(minutes=6)  # a change is seen up to one period of the timer after it was made
SECOND = timedelta(seconds=1)
NO_EVENT = (Status.ENDED, Status.SIMULATED)


@dataclass(frozen=True)
class RemovalReader:
    """Methods raise DynamicsError: what cannot be read is not taken for harmless."""

    rows: BookingRows
    reader: BookingReader

    def missing(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return those of a mailbox's pairs whose bookings a list shows as over, or not at all. No proof of either."""
        by_resource = attrgetter("resource")
        groups = groupby(sorted(pairs, key=by_resource), key=by_resource)
        return [pair for resource, group in groups for pair in self._missing(resource, list(group))]

    def over(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Yield those whose bookings, each read by its id, are canceled, inactive or deleted."""
        for pair in pairs:
            side = self.reader.read(pair.booking_id)
            if isinstance(side, Unreadable):
                raise DynamicsUnavailable(0)
            if _is_over(side):
                yield pair

    def new(self, now: datetime) -> list[Creation]:
        """Return the live bookings that were made within the last hour.

        When a booking was deleted is not known: one without a cause that was made since the last run is made now.
        """
        creations = []
        for row in self.rows.created_since(now - HOUR):
            side = self.reader.side_of(row)
            if isinstance(side, Booking) and side.status not in NO_EVENT:
                at = parse_utc(row["createdon"])
                is_just_made = not side.cause and now - at < SEEN_WITHIN
                creations.append(Creation(key_of(side.id), now if is_just_made else at, side.cause, side.resource))
        return creations

    def _missing(self, resource: str, pairs: list[Pair]) -> list[Pair]:
        starts, ends = [each.start for each in pairs if each.start], [each.end for each in pairs if each.end]
        if not starts or not ends:
            return pairs
        rows = self.rows.of_resource(resource, min(starts) - SECOND, max(ends) + SECOND)
        live = {key_of(str(row[KEY])) for row in rows if not _is_over(self.reader.side_of(row))}
        return [each for each in pairs if each.id not in live]


def _is_over(side: BookingSide) -> bool:
    return isinstance(side, Gone) or (isinstance(side, Booking) and side.status is Status.ENDED)
