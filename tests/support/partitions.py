"""The rows of a table in memory, by key, with those of a partition at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Generic, TypeVar

Key = tuple[str, str]
Row = TypeVar("Row")


class Partitioned(dict[Key, Row], Generic[Row]):
    """A dict by partition and row key that finds the rows of a partition without reading the others."""

    def __init__(self, rows: Mapping[Key, Row] | Iterable[tuple[Key, Row]] = ()) -> None:
        super().__init__()
        self._partitions: dict[str, dict[str, Row]] = {}
        self.update(rows)

    def partition(self, name: str) -> Collection[Row]:
        """Return the rows of a partition, in the order in which their keys were added."""
        return self._partitions.get(name, {}).values()

    def __setitem__(self, key: Key, row: Row) -> None:
        """Add or replace a row."""
        super().__setitem__(key, row)
        self._partitions.setdefault(key[0], {})[key[1]] = row

    def __delitem__(self, key: Key) -> None:
        """Remove a row. Raises KeyError."""
        super().__delitem__(key)
        del self._partitions[key[0]][key[1]]

    def update(self, *rows: Any, **_: Any) -> None:
        """Add or replace several rows."""
        for key, row in dict(*rows).items():
            self[key] = row

    def pop(self, key: Key, *default: Any) -> Any:
        """Remove a row and return it, or the default. Raises KeyError."""
        if key not in self:
            return super().pop(key, *default)
        row = self[key]
        del self[key]
        return row

    def clear(self) -> None:
        """Remove all rows."""
        super().clear()
        self._partitions.clear()
