"""The rows of an environment: one version number for all, a log of deletions, and the recycle bin.

Dataverse: Use change tracking to synchronize data with external systems; Restore deleted records.
"""

import copy
import uuid
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
"""Values by column name: texts, numbers, true and false, aware times, and ids of lookups in lower case."""
FIRST_VERSION = 1_000_000


@dataclass(frozen=True)
class Deletion:
    """A row that was deleted, and the version at which it was."""

    version: int
    table: str
    row_id: str


class Rows:
    """All rows by table and id; every write takes the next version number."""

    def __init__(self) -> None:
        self.version = FIRST_VERSION
        self.deletions: list[Deletion] = []
        self.bin: dict[tuple[str, str], Row] = {}
        """Deleted rows that can be restored."""
        self.tables: dict[str, dict[str, Row]] = {}
        """Rows by id, by table."""

    def of(self, table: str) -> dict[str, Row]:
        """Return a table's rows by id."""
        return self.tables.setdefault(table, {})

    def get(self, table: str, row_id: str) -> Row | None:
        """Return a row, or None."""
        return self.of(table).get(row_id.lower())

    def put(self, table: str, row_id: str, row: Row) -> Row:
        """Store a row with the next version number, which replaces the one with its id."""
        self.version += 1
        row["versionnumber"] = self.version
        self.of(table)[row_id.lower()] = row
        return row

    def delete(self, table: str, row_id: str) -> None:
        """Move a row to the recycle bin."""
        self.version += 1
        self.bin[table, row_id.lower()] = self.of(table).pop(row_id.lower())
        self.deletions.append(Deletion(self.version, table, row_id.lower()))

    def snapshot(self) -> "Rows":
        """Return a copy of everything, as a backup keeps it."""
        return copy.deepcopy(self)

    def go_back(self, snapshot: "Rows") -> None:
        """Take over a backup: its rows, its deletions and its version number, which is lower than before."""
        restored = copy.deepcopy(snapshot)
        self.version, self.deletions, self.bin = restored.version, restored.deletions, restored.bin
        self.tables = restored.tables


def etag(row: Row) -> str:
    """Return a row's weak entity tag."""
    return f'W/"{row["versionnumber"]}"'


def new_id() -> str:
    """Return a new id."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Return whether a text is an id with dashes."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
