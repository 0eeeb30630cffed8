"""Read the dates of a series, and match them with the pairs of its occurrences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from shared.config import LONGEST_VIEW_DAYS
from shared.dataverse.look import Rules
from shared.dataverse.occurrences import Matched, matched
from shared.dataverse.reading.events import LAG, EventReader, event_of, modified_of
from shared.dataverse.sides import GONE, Event, EventSide, Gone, Unreadable
from shared.errors import ServiceUnavailable
from shared.graph.time_zones import UnknownZone, zone_named
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs

DAY, MONTH, YEAR = timedelta(days=1), timedelta(days=31), timedelta(days=366)
LONGEST = timedelta(days=LONGEST_VIEW_DAYS)
FRESH = timedelta(seconds=30)  # the occurrences of a series are settled one after the other


@dataclass(frozen=True, slots=True)
class _Read:
    mailbox: str
    series_id: str
    at: datetime
    dates: tuple[Event, ...]
    begins: datetime | None
    modified: datetime | None


class _LastRead(threading.local):
    """What this thread has read last: each works on a message of its own."""

    value: _Read | None = None


@dataclass
class SeriesDates:
    """Methods raise GraphError, and ServiceUnavailable or ConfigurationError when storage fails.

    The dates that a thread has read last are kept for FRESH: they only say where to look. What becomes of a pair is
    decided by a reading of its event by its id.
    """

    reader: EventReader
    pairs: Pairs
    index: PairIndex
    now: Callable[[], datetime]
    _last: _LastRead = field(default_factory=_LastRead, init=False)

    def pairs_of(self, watch_id: str, series_id: str) -> list[Pair]:
        """Return the pairs of a series in a mailbox, also that of the single event which became the series.

        Raises ServiceUnavailable if the row of one cannot be read: its date would get a second booking.
        """
        rows = list(self.pairs.of_series(watch_id, series_id))
        if any(not isinstance(row, Pair) for row in rows):
            raise ServiceUnavailable("storage", "holds a pair of a series that this version cannot read")
        pairs = [row for row in rows if isinstance(row, Pair) and not row.is_from_dataverse]
        single = self._single(watch_id, series_id)
        return pairs if single is None else [*pairs, single]

    def note(self, watch_id: str, series_id: str, end: datetime) -> None:
        """Note that a series has pairs, so that its master leads to them, also once it is deleted.

        `end`: that of its last known date, by which the row ends.
        """
        indexed = self.index.find(watch_id, series_id)
        is_series = indexed is not None and not indexed.booking_id
        if is_series and indexed is not None and indexed.end is not None and indexed.end >= end:
            return
        if is_series or self._single(watch_id, series_id) is None:
            row = IndexedEvent(event_key(series_id), "pair", series_id=series_id, start=end, end=end)
            self.index.write(watch_id, row)

    def _single(self, watch_id: str, series_id: str) -> Pair | None:
        """Return the pair of the single event that became the series, until it has gone on to one of its dates."""
        indexed = self.index.find(watch_id, series_id)
        pair = self.pairs.get(indexed.booking_id) if indexed is not None else None
        is_single = pair is not None and pair.event_id == series_id and not pair.is_from_dataverse
        return pair if is_single else None

    def match(self, pairs: Sequence[Pair], dates: Sequence[Event]) -> Matched:
        """Return which pair follows which date, of those that were read last. One that has ended follows none.

        In order is only a guess: a date that was deleted from an endless series is not the one that entered the window
        at its other end. A series that begins later than a pair's date has moved as a whole.
        """
        last = self._last.value
        begins = last.begins if last is not None else None
        result = matched([each for each in pairs if each.state != "ended"], dates, _zone_of(dates))
        slots = _Slots.of(dates, begins)
        wrong = [each for each in result.matches if _is_guess(*each) and slots.is_wrong(*each)]
        right = [each for each in result.matches if each not in wrong]
        return Matched(
            right, [*result.pairs, *(pair for pair, _ in wrong)], [*result.events, *(date for _, date in wrong)]
        )

    def pair_of(self, event: Event, watch_id: str, mailbox: str, rules: Rules) -> Pair | None:
        """Return the pair that follows an event whose id no pair names, None if it is a new date."""
        series_id = event.series_id or event.id
        pairs = self.pairs_of(watch_id, series_id)
        if not pairs:
            return None
        dates = self._kept(mailbox, series_id)
        if all(date.id != event.id for date in dates):
            dates = self.read(mailbox, series_id, pairs, rules)
        return next((pair for pair, date in self.match(pairs, dates).matches if date.id == event.id), None)

    def followed(self, pair: Pair, mailbox: str, rules: Rules) -> tuple[Pair, EventSide]:
        """Return a pair whose event is gone or became a series, with the date that it follows, as read just now.

        GONE only if no date is left for it, and the series was not changed just now: lists show a change late.
        """
        series_id = pair.series_id or pair.event_id
        for is_again in (False, True):
            date = self._date_of(pair, mailbox, series_id, rules, is_again=is_again)
            if date is None:
                continue
            event = self.reader.read(mailbox, date.id, (date.start, date.end))
            if isinstance(event, Event) and not event.is_series:
                named = replace(pair, event_id=event.id, series_id=event.series_id, original_start=event.original_start)
                return named, event
            if isinstance(event, Unreadable):
                return pair, event
        return pair, GONE if self._is_proven(mailbox, series_id) else Unreadable()

    def _date_of(self, pair: Pair, mailbox: str, series_id: str, rules: Rules, *, is_again: bool) -> Event | None:
        pairs = self.pairs_of(pair.mailbox_watch, series_id)
        dates = () if is_again else self._kept(mailbox, series_id)
        result = self.match(pairs, dates or self.read(mailbox, series_id, pairs, rules, after=YEAR * is_again))
        if pair.state != "ended":
            return next((date for each, date in result.matches if each.id == pair.id), None)
        same = (date for date in result.events if date.original_start == pair.original_start)
        return next(same, None) if pair.original_start else None

    def read(
        self, mailbox: str, series_id: str, pairs: Sequence[Pair], rules: Rules, *, after: timedelta = timedelta(0)
    ) -> tuple[Event, ...]:
        """Return the dates of the window and of the times of the pairs; with `after`, also later ones.

        A series that became a single event is its own only date. One in Deleted Items has its dates, too: each is read
        by its id before it is believed.
        """
        now = self.now()
        start = min([now - rules.past, *(each.start - DAY for each in pairs if each.start)])
        end = max([now + rules.future + after, *(each.end + DAY for each in pairs if each.end)])
        raw = self.reader.raw(mailbox, series_id)
        master = event_of(raw) if raw is not None else None
        dates = tuple(self._listed(mailbox, master, start, min(end, start + LONGEST)))
        begins = master.start if master is not None else None
        modified = modified_of(raw) if raw is not None else None
        self._last.value = _Read(mailbox, series_id, now, dates, begins, modified)
        return dates

    def was_just_changed(self) -> bool:
        """Return whether the series that was read last changed so recently that its dates may be shown as before."""
        last = self._last.value
        return last is not None and last.modified is not None and self.now() - last.modified < LAG

    def _listed(self, mailbox: str, master: Event | None, start: datetime, end: datetime) -> Iterator[Event]:
        if master is not None and master.is_series:
            yield from map(event_of, self.reader.events.dates(mailbox, master.id, start, end))
        elif master is not None:
            yield master

    def _kept(self, mailbox: str, series_id: str) -> tuple[Event, ...]:
        last = self._last.value
        is_same = last is not None and (last.mailbox, last.series_id) == (mailbox, series_id)
        return last.dates if last is not None and is_same and self.now() - last.at < FRESH else ()

    def _is_proven(self, mailbox: str, series_id: str) -> bool:
        master = self.reader.raw(mailbox, series_id)
        modified = modified_of(master) if master is not None else None
        return modified is None or self.now() - modified >= LAG


def needs_date(pair: Pair, event: EventSide) -> bool:
    """Return whether the event of a pair has to be looked for among the dates of a series."""
    if pair.is_from_dataverse:
        return False
    return (isinstance(event, Gone) and bool(pair.series_id)) or (isinstance(event, Event) and event.is_series)


@dataclass(frozen=True, slots=True)
class _Slots:
    """Where a series has dates: from when to when, on which days of the week at which times.

    A pair's date that was deleted leaves a gap there. If the series moved, its dates are elsewhere.
    """

    begins: datetime | None
    ends: datetime | None
    zone: tzinfo
    times: frozenset[tuple[int, time]]

    @classmethod
    def of(cls, dates: Sequence[Event], begins: datetime | None) -> _Slots:
        """Return those of dates."""
        zone, origins = _zone_of(dates), [each.original_start or each.start for each in dates]
        return cls(begins, max(origins, default=None), zone, frozenset(_slot(each, zone) for each in origins))

    def is_wrong(self, pair: Pair, date: Event) -> bool:
        """Return whether a pair whose event is not found by its id does not follow a date that is next in order."""
        origin = pair.original_start or pair.start
        if origin is None or self.begins is None or self.ends is None or origin < self.begins - DAY:
            return False
        if _is_same_day(origin, date.original_start or date.start, self.zone):
            return False
        is_gap = origin <= self.ends and _slot(origin, self.zone) in self.times
        return is_gap or abs(date.start - (pair.start or origin)) > MONTH


def _slot(moment: datetime, zone: tzinfo) -> tuple[int, time]:
    local = moment.astimezone(zone)
    return local.weekday(), local.time()


def _is_same_day(first: datetime, second: datetime, zone: tzinfo) -> bool:
    return first.astimezone(zone).date() == second.astimezone(zone).date()


def _is_guess(pair: Pair, date: Event) -> bool:
    """Return whether nothing but the day or the order says that a pair follows a date."""
    return pair.event_id != date.id and pair.original_start != date.original_start


def _zone_of(dates: Sequence[Event]) -> tzinfo:
    try:
        return zone_named(dates[0].zone).info if dates else UTC
    except UnknownZone:
        return UTC
