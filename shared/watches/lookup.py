"""Look up the watches of mailboxes by their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.storage.watches import Watch, Watches, watch_id_of
from shared.threads import side_by_side
from shared.unreadable_rows import Unreadable

AT_ONCE = 16  # rows of one call


@dataclass(frozen=True, slots=True)
class WatchLookup:
    """The watches of some mailboxes, the addresses that have none, and those whose rows cannot be read."""

    watches: list[Watch]
    not_watched: list[str]
    unreadable: list[str]


def look_up(watches: Watches, mailboxes: Sequence[str]) -> WatchLookup:
    """Return the watches of mailboxes, in their order. Raises ServiceUnavailable or ConfigurationError when storage
    fails: then nothing is known of any mailbox. A row that cannot be read is a watch, and hides no other.
    """
    rows = side_by_side(lambda mailbox: watches.find(watch_id_of(mailbox)), mailboxes, AT_ONCE, "watches")
    paired = list(zip(mailboxes, rows, strict=True))
    return WatchLookup(
        [row for row in rows if isinstance(row, Watch)],
        [mailbox for mailbox, row in paired if row is None],
        [mailbox for mailbox, row in paired if isinstance(row, Unreadable)],
    )
