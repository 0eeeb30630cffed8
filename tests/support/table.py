"""A TableClient in memory: rows, etags, and the three errors that the relay expects (404, 409, 412).

For worlds with their own clock and for simulated years. The behaviour of storage itself is tested on Azurite.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.paging import ItemPaged
from azure.data.tables import TableClient, TableEntity, TableTransactionError, TransactionOperation, UpdateMode

from tests.support.partitions import Partitioned
from tests.support.table_filters import selection_of

PAGE = 1000  # rows of one answer, the most that the service returns
MOST_OPERATIONS = 100  # in one transaction
_STATUS = {ResourceExistsError: 409, ResourceModifiedError: 412, ResourceNotFoundError: 404, HttpResponseError: 400}


Entity = TableEntity | Mapping[str, Any]
Condition = Mapping[str, Any]


class Row(TableEntity):
    """An entity as the SDK returns it: a dict whose etag is in its metadata."""

    def __init__(self, content: Mapping[str, Any], etag: str) -> None:
        super().__init__(content)
        self.etag = etag
        self._metadata = {"etag": etag, "timestamp": None}


class Rows(ItemPaged[TableEntity]):
    """The result of a query: rows, or pages of `size` rows. A row is copied when it is reached."""

    def __init__(self, rows: list[Row], size: int) -> None:
        super().__init__()
        self.rows, self.size = rows, size

    def by_page(self, continuation_token: str | None = None) -> Iterator[Iterator[TableEntity]]:
        """Yield the rows by page, and no page for no rows."""
        assert continuation_token is None
        for first in range(0, len(self.rows), self.size):
            yield (Row(row, row.etag) for row in self.rows[first : first + self.size])


class FakeTable(TableClient):
    """The methods that the relay calls. The next `failing` calls raise a 503; `before` runs at each call."""

    def __init__(self) -> None:
        self.table_name = "memory"
        self.rows = {}
        self._undo: list[tuple[tuple[str, str], Row | None]] | None = None  # rows before the present transaction
        self.failing = 0
        self.before: Callable[[], None] = lambda: None
        self.lock = threading.RLock()
        self._etags = itertools.count(1)

    @property
    def rows(self) -> Partitioned[Row]:
        """The rows by partition and row key."""
        return self._rows

    @rows.setter
    def rows(self, rows: Mapping[tuple[str, str], Row]) -> None:
        """Replace all rows."""
        self._rows = Partitioned(rows)

    def get_entity(self, partition_key: str, row_key: str, **_: Any) -> Row:
        """Return a row or raise 404."""
        with self.lock:
            self._called()
            if (partition_key, row_key) not in self.rows:
                raise _error(ResourceNotFoundError)
            row = self.rows[partition_key, row_key]
            return Row(row, row.etag)

    def create_entity(self, entity: Entity, **_: Any) -> dict[str, Any]:
        """Add a row or raise 409."""
        with self.lock:
            self._called()
            if _key_of(entity) in self.rows:
                raise _error(ResourceExistsError)
            return self._put(entity)

    def update_entity(
        self,
        entity: Entity,
        mode: UpdateMode = UpdateMode.MERGE,
        *,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Change a row, on the condition of its etag if one is given; 404 or 412."""
        with self.lock:
            self._called()
            row = self.rows.get(_key_of(entity))
            if row is None:
                raise _error(ResourceNotFoundError)
            if match_condition is not None and row.etag != etag:
                raise _error(ResourceModifiedError)
            return self._put(entity if mode == UpdateMode.REPLACE else {**row, **entity})

    def upsert_entity(self, entity: Entity, mode: UpdateMode = UpdateMode.MERGE, **_: Any) -> dict[str, Any]:
        """Add a row or change it."""
        assert mode == UpdateMode.MERGE
        with self.lock:
            self._called()
            return self._put({**self.rows.get(_key_of(entity), {}), **entity})

    def delete_entity(
        self,
        *entity: Entity | str,
        etag: str | None = None,
        match_condition: MatchConditions | None = None,
        **_: Any,
    ) -> None:
        """Remove a row, on the condition of its etag. Like the SDK, do nothing when there is no row."""
        (row_to_delete,) = entity
        assert isinstance(row_to_delete, Mapping)
        key = _key_of(row_to_delete)
        with self.lock:
            self._called()
            row = self.rows.get(key)
            if row is not None and match_condition is not None and row.etag != etag:
                raise _error(ResourceModifiedError)
            self._note(key)
            self.rows.pop(key, None)

    def query_entities(
        self,
        query_filter: str,
        *,
        results_per_page: int | None = None,
        parameters: dict[str, Any] | None = None,
        **_: Any,
    ) -> Rows:
        """Return the rows that a filter selects, in the order of their keys."""
        select, values = selection_of(query_filter), parameters or {}
        for word in query_filter.split(" "):  # the SDK replaces whole words only
            assert not word.startswith("@") or word[1:] in values, word
        partition = values.get("partition") or values.get("watch")
        with self.lock:
            self._called()
            rows = self.rows.values() if partition is None else self.rows.partition(partition)
            selected = select(rows, values)
        return Rows(sorted(selected, key=_key_of), results_per_page or PAGE)

    def submit_transaction(
        self,
        operations: Iterable[
            tuple[TransactionOperation | str, Entity] | tuple[TransactionOperation | str, Entity, Condition]
        ],
        **_: Any,
    ) -> list[Mapping[str, Any]]:
        """Carry out all operations or none: 400 for more than a hundred."""
        with self.lock:
            self._undo = []
            try:
                return [self._operate(*operation) for operation in _bounded(list(operations))]
            except HttpResponseError as error:
                self._roll_back()
                failure = TableTransactionError(message="a part of the transaction failed")
                failure.status_code = error.status_code
                raise failure from None
            except BaseException:  # a test may raise anything here: a transaction is never half done
                self._roll_back()
                raise
            finally:
                self._undo = None

    def _operate(self, verb: str, entity: Entity, condition: Condition | None = None) -> Mapping[str, Any]:
        if verb == "create":
            return self.create_entity(entity)
        if verb == "update":
            return self.update_entity(entity, **condition or {})
        if verb == "upsert":
            return self.upsert_entity(entity)
        if _key_of(entity) not in self.rows:
            raise _error(ResourceNotFoundError)
        self.delete_entity(entity, **condition or {})
        return {}

    def _put(self, entity: Entity) -> dict[str, Any]:
        key, etag = _key_of(entity), f'W/"{next(self._etags)}"'
        self._note(key)
        self.rows[key] = Row(entity, etag)
        return {"etag": etag}

    def _note(self, key: tuple[str, str]) -> None:
        """Keep the row that an operation of a transaction is about to change."""
        if self._undo is not None:
            self._undo.append((key, self.rows.get(key)))

    def _roll_back(self) -> None:
        """Restore the rows before the transaction."""
        for key, row in reversed(self._undo or ()):
            self.rows.pop(key, None)
            if row is not None:
                self.rows[key] = row

    def _called(self) -> None:
        self.before()
        if self.failing:
            self.failing -= 1
            error = HttpResponseError("canary")
            error.status_code = 503
            raise error


def _bounded(operations: list[Any]) -> list[Any]:
    if len(operations) > MOST_OPERATIONS:
        raise _error(HttpResponseError)
    return operations


def _key_of(entity: Entity) -> tuple[str, str]:
    return entity["PartitionKey"], entity["RowKey"]


def _error(kind: type[HttpResponseError]) -> HttpResponseError:
    error = kind("canary")
    error.status_code = _STATUS[kind]
    return error
