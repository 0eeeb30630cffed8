"""Expand a series: queue its dates and pairs that have to be settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.look import Rules
from shared.dataverse.reading.events import LAG
from shared.dataverse.sides import Event
from shared.dataverse.unpaired.derived import becomes_booking
from shared.dataverse.unpaired.series import SeriesDates
from shared.storage.pairs.pair import Pair


@dataclass(frozen=True)
class SeriesExpansion:
    """Methods raise GraphError, and ServiceUnavailable or ConfigurationError when storage fails."""

    series: SeriesDates
    queue: HintQueue
    now: Callable[[], datetime]

    def expand(self, watch_id: str, mailbox: str, series_id: str, rules: Rules) -> None:
        """Queue each pair that follows another date, or a changed one, or none, and each date that has no pair.

        Lists show a change late: a series that was just changed is expanded again when they show it.
        """
        began = self.now()
        pairs = self.series.pairs_of(watch_id, series_id)
        read = self.series.read(mailbox, series_id, pairs, rules)
        result = self.series.match(pairs, read)
        changed = [pair.booking_id for pair, date in result.matches if _differs(pair, date)]
        without_date = [pair.booking_id for pair in result.pairs]
        dates = [date for date in result.events if becomes_booking(date, rules, began) and date.id != series_id]
        hinted = tuple((watch_id, date.id) for date in dates)
        self.series.note(watch_id, series_id, max((date.end for date in read), default=began))
        self.queue.send(Hints(hinted_at=began, bookings=(*changed, *without_date), events=hinted))
        if self.series.was_just_changed():
            again = Hints(hinted_at=began, events=((watch_id, series_id),))
            self.queue.send(again, LAG.total_seconds())


def _differs(pair: Pair, date: Event) -> bool:
    return pair.state == "making" or (pair.event_id, pair.event_etag) != (date.id, date.etag)
