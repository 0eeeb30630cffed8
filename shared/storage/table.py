"""Table rows as dataclasses: one partition, an id as the row key, and optimistic concurrency by etag.

A column is named after its field, or by the field's `stored_as`, so that a field can be renamed in code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_ID = re.compile(r"[0-9a-f]{32}")


class HasId(Protocol):
    """A dataclass of texts, numbers, booleans and times in UTC. `etag` comes from storage and is no column."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """The row's key."""

    @property
    def etag(self) -> str:
        """The row's version, new with every write; empty before it is stored."""


Row = TypeVar("Row", bound=HasId)


class Table(Generic[Row]):
    """The rows of one kind. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], kind: type[Row], partition: str) -> None:
        self._table = table
        self._kind: Callable[..., Row] = kind
        self._partition = partition
        self._columns = columns_of(kind)
        self._moments = [each.name for each in fields(kind) if "datetime" in str(each.type)]

    def insert(self, row: Row) -> Row | None:
        """Add a row and return it with its etag, or None if the id exists."""
        from azure.core.exceptions import ResourceExistsError

        entity = {column: _cell(getattr(row, name)) for name, column in self._columns.items()} | self._key(row)
        with storage_errors():
            try:
                response = self._table().create_entity(entity)
            except ResourceExistsError:
                return None
            return replace(row, etag=str(response["etag"]))

    def get(self, row_id: str) -> Row | None:
        """Return a row, or None if there is none or the id is malformed."""
        from azure.core.exceptions import ResourceNotFoundError

        if not _ID.fullmatch(row_id):
            return None
        with storage_errors():
            try:
                return self._read(self._table().get_entity(self._partition, row_id))
            except ResourceNotFoundError:
                return None

    def change(self, row: Row, **changes: Any) -> Row | None:
        """Change some fields and return the new row, or None if the row was changed or deleted since it was read."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        changed = replace(row, **changes)
        entity = self._key(row) | {self._columns[name]: _cell(getattr(changed, name)) for name in changes}
        with storage_errors():
            try:
                response = self._table().update_entity(
                    entity, etag=row.etag, match_condition=MatchConditions.IfNotModified
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return None
            return replace(changed, etag=str(response["etag"]))

    def delete(self, row: Row) -> bool:
        """Delete a row. Return False if it has changed since it was read. Deleting a missing row is a no-op."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        with storage_errors(), suppress(ResourceNotFoundError):
            try:
                self._table().delete_entity(
                    self._key(row), etag=row.etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError:
                return False
        return True

    def page(self, size: int, after: str = "") -> list[Row]:
        """Return up to `size` rows in the order of their ids, after the id `after`.

        Reads on over the service's own pages, which may be short or empty ("Query timeout and pagination").
        """
        rule = "PartitionKey eq @partition and RowKey gt @after"
        names = {"partition": self._partition, "after": after}
        with storage_errors():
            rows = self._table().query_entities(rule, parameters=names, results_per_page=size)
            return [self._read(row) for row in islice(rows, size)]

    def all(self) -> Iterator[Row]:
        """Yield every row."""
        page = self.page(1000)
        while page:
            yield from page
            page = self.page(1000, after=page[-1].id)

    def count(self) -> int:
        """Return the number of rows. Costs one call for each thousand rows."""
        names = {"partition": self._partition}
        with storage_errors():
            keys = self._table().query_entities("PartitionKey eq @partition", parameters=names, select=["RowKey"])
            return sum(1 for _ in keys)

    def partition_of(self, row: Row) -> str:  # noqa: ARG002  (today one partition for each kind)
        """Return the partition of a row."""
        return self._partition

    def _key(self, row: Row) -> dict[str, Any]:
        return {"PartitionKey": self.partition_of(row), "RowKey": row.id}

    def _read(self, entity: Any) -> Row:
        """Return a row; a column missing from an older version's row has its default."""
        values = {name: entity[column] for name, column in self._columns.items() if column in entity}
        for name in self._moments:
            text = values.get(name)
            values[name] = datetime.fromisoformat(text) if text else None
        return self._kind(**values, etag=str(entity.metadata["etag"]))


def stored_as(column: str) -> dict[str, str]:
    """Return the metadata of a dataclass field whose column has another name."""
    return {"stored_as": column}


def columns_of(kind: type) -> dict[str, str]:
    """Return the column of each field of a dataclass, except `etag`."""
    return {each.name: each.metadata.get("stored_as", each.name) for each in fields(kind) if each.name != "etag"}


def _cell(value: Any) -> Any:
    """Return a value as stored; None becomes an empty text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else value
