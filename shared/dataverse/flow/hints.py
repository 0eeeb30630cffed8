"""The messages of the queue `pair-changes`: ids and times alone. Pure.

Version 1: `{"v": 1, "hinted": "2026-11-20T10:00:00+00:00", "attempt": 0, "bookings": ["…"], "events": [["watch",
"event"]], "resource": ""}`. Each id is a hint that something may have changed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from shared.errors import RelayError
from shared.queues import TextQueue

MOST = 20  # hints of one message: one of eight leases is held meanwhile


class BadHints(RelayError):
    """A message that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What may have changed: `bookings` by ids, `events` by watch and id, `resource`: all of one, to be compared."""

    hinted_at: datetime
    bookings: tuple[str, ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    resource: str = ""
    attempt: int = 0


class HintQueue:
    """Queues hints. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, queue: TextQueue) -> None:
        self._queue = queue

    def send(self, hints: Hints, delay: float = 0) -> None:
        """Queue hints, up to MOST in a message; a no-op without any."""
        for text in written(hints):
            self._queue.put(text, delay)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included."""
        return self._queue.depth()

    def oldest(self) -> datetime | None:
        """Return the time of the oldest hint among the first visible messages; None without any."""
        return min(filter(None, (_hinted_at(text) for text, _ in self._queue.due())), default=None)


def written(hints: Hints) -> Iterator[str]:
    """Yield the messages of hints."""
    if hints.resource:
        yield _text(hints, {"resource": hints.resource})
    for bookings in _parts(dict.fromkeys(hints.bookings)):
        yield _text(hints, {"bookings": list(bookings)})
    for events in _parts(dict.fromkeys(hints.events)):
        yield _text(hints, {"events": [list(each) for each in events]})


def read(text: str) -> Hints:
    """Return the hints of a message. Raises BadHints."""
    try:
        content = json.loads(text)
        if content.get("v") != 1:
            raise BadHints("not of version 1")
        hinted = datetime.fromisoformat(content["hinted"])
        bookings = tuple(str(each) for each in content.get("bookings", ()))
        events = tuple((str(watch), str(event)) for watch, event in content.get("events", ()))
        attempt, resource = int(content.get("attempt", 0)), str(content.get("resource", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadHints("not a message of hints") from None
    if hinted.tzinfo is None:
        raise BadHints("the hint has no time zone")
    return Hints(hinted_at=hinted, bookings=bookings, events=events, resource=resource, attempt=attempt)


def retried(hints: Hints) -> Hints:
    """Return hints for their next attempt."""
    return replace(hints, attempt=hints.attempt + 1)


def _hinted_at(stored: str) -> datetime | None:
    """Return the time of a message as the queue keeps it; None for one that the host moves to the poison queue."""
    try:
        return read(base64.b64decode(stored, validate=True).decode()).hinted_at
    except (BadHints, ValueError):
        return None


def _text(hints: Hints, part: dict[str, Any]) -> str:
    return json.dumps({"v": 1, "hinted": hints.hinted_at.isoformat(), "attempt": hints.attempt, **part})


def _parts(items: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    rest = iter(items)
    while part := tuple(islice(rest, MOST)):
        yield part
