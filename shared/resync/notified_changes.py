"""Count the recent changes of a calendar view with and without a notification.

A subscription can exist at Graph and send nothing for days. Its changes are then found by resyncs only. The ledger
tells: each notification leads to a read of its event, whose time is in the event's entry.

Not counted, because no notification can be expected, or its absence cannot be told:

- changes younger than NOTIFIED_WITHIN, whose notification may be on its way, or older than LOOK_BACK;
- changes before the watch was live for the last time, so those before the set-up and in a gap;
- events that were outside the window when they were changed, and entered it since;
- deletions, since the view does not tell when an event was deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.partner import payload
from shared.partner.payload import UnreadableEvent
from shared.resync.window import Window
from shared.storage.ledger import MOST_AT_ONCE
from shared.storage.ledger_entry import Entry
from shared.storage.watches import Watch
from shared.utc import format_utc, parse_utc

NOTIFIED_WITHIN = timedelta(minutes=15)
LOOK_BACK = timedelta(hours=25)  # a little more than between two daily resyncs
SKEW = timedelta(seconds=60)  # between Exchange's clock and ours
MOST_CANDIDATES = 5 * MOST_AT_ONCE  # changes whose entries are read again: enough to see if one has no notification

ReadEntries = Callable[[list[str]], list[Entry]]


def expected_since(watch: Watch) -> datetime | None:
    """Return the moment since which every change of a mailbox should have been notified; None if there is none."""
    is_whole = watch.state == "live" and watch.gap_since is None and watch.missing_since is None
    return watch.since or watch.created if is_whole else None


@dataclass
class NotifiedChanges:
    """The changes between `since` and `until`. `window` is the present one, and `now` its time."""

    window: Window
    now: datetime
    since: datetime
    notified: int = 0
    _candidates: list[tuple[datetime, list[str]]] = field(default_factory=list)

    def see(self, event: dict[str, Any], read_at: datetime | None, *, is_same: bool) -> None:
        """Take in an event of the view. `is_same`: whether the partner has this state; `read_at` is from its entry."""
        modified = _modified(event)
        if modified is None or not self._is_expected(event, modified):
            return
        if is_same:
            self.notified += read_at is not None and -SKEW <= read_at - modified <= NOTIFIED_WITHIN
        elif len(self._candidates) < MOST_CANDIDATES:
            master = event.get("seriesMasterId")  # a change of a series is notified for its master
            ids = [payload.event_id_of(event), *([master] if isinstance(master, str) and master else [])]
            self._candidates.append((modified, ids))

    def unnotified(self, read: ReadEntries) -> int:
        """Return the number of changes without a notification, at most MOST_CANDIDATES, by the present entries."""
        ids = list(dict.fromkeys(name for _, names in self._candidates for name in names))
        groups = (ids[first : first + MOST_AT_ONCE] for first in range(0, len(ids), MOST_AT_ONCE))
        entries = {entry.event_id: entry for group in groups for entry in read(group)}
        return sum(not any(_was_read_after(entries[name], at) for name in names) for at, names in self._candidates)

    def _is_expected(self, event: dict[str, Any], modified: datetime) -> bool:
        if not max(self.since, self.now - LOOK_BACK) < modified <= self.now - NOTIFIED_WITHIN:
            return False
        age = self.now - modified
        try:
            start, end = (format_utc(payload.moment_of(event, name)) for name in ("start", "end"))
        except UnreadableEvent:
            return False
        return Window(self.window.start - age, self.window.end - age).overlaps(start, end)


def _modified(event: dict[str, Any]) -> datetime | None:
    try:
        return parse_utc(str(event.get("lastModifiedDateTime")))
    except ValueError:
        return None


def _was_read_after(entry: Entry, modified: datetime) -> bool:
    return entry.read_at is not None and entry.read_at >= modified - SKEW
