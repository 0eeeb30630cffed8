"""Match the pairs of a series with its present occurrences, as two sets. Pure.

A series that moves gives its occurrences new ids (Graph). Each pair finds its occurrence by the event's id, else by
originalStart, else by the day in the series' zone, else in order. Only what is left over is made or canceled.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from shared.dataverse.sides import Event
from shared.storage.pairs.pair import Pair

PairKey = Callable[[Pair], Hashable | None]
EventKey = Callable[[Event], Hashable | None]


class Matched(NamedTuple):
    """Pairs with the occurrence that each follows, pairs without one, and occurrences without a pair."""

    matches: list[tuple[Pair, Event]]
    pairs: list[Pair]
    events: list[Event]


def matched(pairs: Sequence[Pair], events: Sequence[Event], zone: tzinfo) -> Matched:
    """Return which pair follows which occurrence; `zone`: that of the series."""
    keys: list[tuple[PairKey, EventKey]] = [
        (lambda pair: pair.event_id or None, lambda event: event.id),
        (lambda pair: _second(pair.original_start), lambda event: _second(event.original_start)),
        (lambda pair: _day(pair.original_start or pair.start, zone), lambda event: _day(_origin(event), zone)),
    ]
    result = Matched([], sorted(pairs, key=_order_of_pair), sorted(events, key=_order_of_event))
    for of_pair, of_event in keys:
        result = _by_key(result, of_pair, of_event)
    in_order = list(zip(result.pairs, result.events, strict=False))
    count = len(in_order)
    return Matched(result.matches + in_order, result.pairs[count:], result.events[count:])


def _by_key(result: Matched, of_pair: PairKey, of_event: EventKey) -> Matched:
    """Match what is left over by one key; of several with the same key, the first with the first."""
    free: dict[Hashable, list[Event]] = {}
    for event in result.events:
        free.setdefault(of_event(event), []).append(event)
    matches, pairs = list(result.matches), []
    for pair in result.pairs:
        key = of_pair(pair)
        same = free.get(key) if key is not None else None
        if same:
            matches.append((pair, same.pop(0)))
        else:
            pairs.append(pair)
    taken = {event.id for _, event in matches}
    return Matched(matches, pairs, [event for event in result.events if event.id not in taken])


def _origin(event: Event) -> datetime:
    return event.original_start or event.start


def _day(moment: datetime | None, zone: tzinfo) -> Hashable | None:
    return moment.astimezone(zone).date() if moment is not None else None


def _second(moment: datetime | None) -> Hashable | None:
    return moment.replace(microsecond=0) if moment is not None else None


def _order_of_pair(pair: Pair) -> tuple[bool, float, str]:
    moment = pair.original_start or pair.start
    return moment is None, moment.timestamp() if moment else 0.0, pair.id


def _order_of_event(event: Event) -> tuple[float, str]:
    return _origin(event).timestamp(), event.id
