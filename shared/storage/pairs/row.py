"""Change a row that several processes change: by what it holds at that moment, again if it was changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.errors import ServiceUnavailable
from shared.storage.table import Row, Table

ATTEMPTS = 16


def change_row(rows: Table[Row], blank: Row, decide: Callable[[Row], dict[str, Any]]) -> Row:
    """Apply the changes that `decide` returns for the present row, or for the blank one, and return the new row.

    Without changes nothing is stored. Raises ServiceUnavailable for a row that this version cannot read, too.
    """
    for _ in range(ATTEMPTS):
        row = rows.get(blank.id) or blank
        if not (changes := decide(row)):
            return row
        if row.etag:
            changed = rows.change(row, **changes)
            if changed is not None:
                return changed
        else:
            rows.insert(blank)
    raise ServiceUnavailable("storage", "has too many writers of one row")
