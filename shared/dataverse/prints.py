"""Prints: keyed hashes of what a side shows, stored in place of it. Pure.

A print has three parts: start and end (UTC, whole seconds, both floored; the duration is none of it), the status class,
and on the side of birth the title. It is keyed, so that nobody can guess a title from it, and it names its key: a print
of a key that was replaced is still compared with that key, or, once the key is gone, shows nothing new.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.dataverse.sides import UNDER_WAY, Booking, Event, Status, times_of
from shared.dataverse.titles import name_of
from shared.storage.pairs.pair import Side
from shared.utc import format_utc

_PURPOSE = b"print of a booking or an event\n"  # the key also has other uses
_LENGTH = 24  # hex digits of a part
GONE = "gone"
ENDED = Status.ENDED.value
PROPOSED = Status.PROPOSED.value
LEFT_OUT = "leftOut"


class Key(NamedTuple):
    """A key, and the name of its version."""

    name: str
    secret: bytes


class Shown(NamedTuple):
    """What a side shows, in clear: never stored or logged. `title` is "" on the side that the pair was not born on."""

    times: str
    status: str
    title: str


class News(NamedTuple):
    """Which parts of a side differ from its print."""

    times: bool = False
    status: bool = False
    title: bool = False

    @property
    def anything(self) -> bool:
        """Whether any part differs."""
        return any(self)


@dataclass(frozen=True)
class Prints:
    """Makes and compares prints. `keys`: the newest first; a print that is made has the newest."""

    keys: Sequence[Key]

    def make(self, shown: Shown) -> str:
        """Return the print of what a side shows."""
        return _printed(shown, self.keys[0])

    def make_keeping_times(self, stored: str, shown: Shown) -> str:
        """Return the print of what a side shows, but with the times of a stored print, so that they stay news."""
        made = self.make(shown)
        if not self.is_current(stored):
            return stored or made  # parts of two keys cannot be in one print
        return f"{self.keys[0].name}:" + ".".join((_parts(stored)[0], *_parts(made)[1:]))

    def is_current(self, stored: str) -> bool:
        """Return whether a print was made with the newest key."""
        return _key_name(stored) == self.keys[0].name

    def news(self, stored: str, shown: Shown) -> News:
        """Return what differs from a stored print; nothing if there is none, or its key is gone."""
        key = self._key_of(stored)
        if key is None:
            return News()
        now = _parts(_printed(shown, key))
        return News(*(old != new for old, new in zip(_parts(stored), now, strict=True)))

    def had_status(self, stored: str, *statuses: str) -> bool:
        """Return whether a stored print has one of these status classes; not without its key."""
        key = self._key_of(stored)
        return key is not None and any(_parts(stored)[1] == _hash(1, status, key) for status in statuses)

    def has_times(self, stored: str, times: str) -> bool:
        """Return whether a stored print has these times; not without its key."""
        key = self._key_of(stored)
        return key is not None and _parts(stored)[0] == _hash(0, times, key)

    def _key_of(self, stored: str) -> Key | None:
        name = _key_name(stored)
        return next((key for key in self.keys if stored and key.name == name), None)


def shown_by_booking(booking: Booking, born: Side, *, is_left_out: bool) -> Shown:
    """Return what a booking shows to a pair that was born on this side."""
    status = LEFT_OUT if is_left_out and booking.status is not Status.ENDED else _class_of(booking.status)
    return Shown(times_text(booking), status, booking.name if born == "dataverse" else "")


def shown_by_event(event: Event, born: Side, *, titles: str) -> Shown:
    """Return what an event shows to a pair that was born on this side. An event's title is the name it gives."""
    status = event_status(event.show_as, event.is_others, usable=not event.is_cancelled and event.is_in_calendar)
    return Shown(times_text(event), status, name_of(event, titles) if born == "outlook" else "")


def event_status(show_as: str, is_others: bool, *, usable: bool) -> str:  # noqa: FBT001
    """Return the status class of an event. `usable`: not cancelled, and in the default calendar."""
    return "/".join((show_as, "others" if is_others else "own", "usable" if usable else "unusable"))


def gone(title: str = "") -> Shown:
    """Return what a side shows that is gone."""
    return Shown("", GONE, title)


def times_text(side: Booking | Event) -> str:
    """Return start and end as hashed."""
    return times_text_of(*times_of(side))


def times_text_of(start: datetime, end: datetime) -> str:
    """Return start and end as hashed."""
    return f"{format_utc(start)}/{format_utc(end)}"


def _class_of(status: Status) -> str:
    return "underWay" if status in UNDER_WAY else status.value


def _printed(shown: Shown, key: Key) -> str:
    return f"{key.name}:" + ".".join(_hash(number, text, key) for number, text in enumerate(shown))


def _hash(number: int, text: str, key: Key) -> str:
    content = b"%b%d\n%b" % (_PURPOSE, number, text.encode("utf-8", "surrogatepass"))
    return hmac.digest(key.secret, content, "sha256").hex()[:_LENGTH]


def _key_name(stored: str) -> str:
    return stored.rpartition(":")[0]


def _parts(stored: str) -> tuple[str, str, str]:
    parts = stored.rpartition(":")[2].split(".")
    first, second, third = [*parts, "", "", ""][:3]
    return first, second, third
