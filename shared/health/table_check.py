"""The health check of stored rows: names those that cannot be read, so that none is left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from shared.health.checks import Failed
from shared.unreadable_rows import Unreadable

MOST_READ = 20_000  # rows of each kind, a thousand in a call of storage
NAMED = 3  # keys


@dataclass(frozen=True)
class RowChecks:
    """Reads the rows of each kind, MOST_READ at most, and says of which kinds there are more.

    `readers` have the kind and its table as names, and yield rows; those that are Unreadable are named. They raise
    RelayError when storage fails.
    """

    readers: Mapping[str, Callable[[], Iterable[object]]]

    def by_name(self) -> Mapping[str, Callable[[], str]]:
        """Return the check by its name."""
        return {"unreadableRows": self._unreadable}

    def _unreadable(self) -> str:
        """Fail while there are rows that cannot be read. All others are worked on as ever."""
        found: list[str] = []
        unread: list[str] = []
        for kind, read in self.readers.items():
            keys, has_more = _unreadable_in(read())
            if keys:
                found.append(f"{len(keys)} of {kind} ({', '.join(keys[:NAMED])})")
            if has_more:
                unread.append(kind)
        rest = f"; only the first {MOST_READ} rows were read of {', '.join(unread)}" if unread else ""
        if not found:
            return f"ok; none{rest}"
        raise Failed(
            f"rows cannot be read and are left alone: {'; '.join(found)}{rest}. If a later version was rolled back, "
            "deploy it again; otherwise correct or delete these rows in the storage account"
        )


def _unreadable_in(rows: Iterable[object]) -> tuple[list[str], bool]:
    """Return the keys of the unreadable rows among the first MOST_READ, and whether there are more rows."""
    rest = iter(rows)
    keys = [row.key for row in islice(rest, MOST_READ) if isinstance(row, Unreadable)]
    return keys, next(rest, None) is not None
