"""Table rows as dataclasses: one partition, an id as the row key, and optimistic concurrency by etag.

A column is named after its field, or by the field's `stored_as`, so that a field can be renamed in code. A row that
cannot be read is `Unreadable`: a type, so that code that concludes something from the absence of a row must handle it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from shared.errors import ServiceUnavailable
from shared.storage.connection import storage_errors
from shared.unreadable_rows import ERRORS, SIGHTINGS, Unreadable, checked, moment_in

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PAGE = 1000  # rows of one answer, the most that the service returns
_ID = re.compile(r"[0-9a-f]{32}")
_logger = logging.getLogger("relay.storage")


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
        self._type = kind
        self._kind: Callable[..., Row] = kind
        self._partition = partition
        self._columns = columns_of(kind)
        self._moments = [each.name for each in fields(kind) if "datetime" in str(each.type)]
        self._compared = frozenset(each.name for each in fields(kind) if each.metadata.get("compared"))

    def insert(self, row: Row) -> Row | None:
        """Add a row and return it with its etag, or None if the id exists."""
        from azure.core.exceptions import ResourceExistsError

        row = self._as_stored(row)
        entity = {column: self._cell(name, row) for name, column in self._columns.items()} | self._key(row)
        with storage_errors():
            try:
                response = self._table().create_entity(entity)
            except ResourceExistsError:
                return None
            return replace(row, etag=str(response["etag"]))

    def get(self, row_id: str) -> Row | None:
        """Return a row, or None if there is none or the id is malformed. An unreadable row raises, too: it exists."""
        row = self.find(row_id)
        if isinstance(row, Unreadable):
            raise ServiceUnavailable("storage", f"holds a row that this version cannot read: {row.key}")
        return row

    def find(self, row_id: str) -> Row | Unreadable | None:
        """Return a row like `get`, or what stands for an unreadable one."""
        from azure.core.exceptions import ResourceNotFoundError

        if not _ID.fullmatch(row_id):
            return None
        with storage_errors():
            try:
                return self._parsed(self._table().get_entity(self._partition, row_id))
            except ResourceNotFoundError:
                return None

    def overwrite(self, row: Row) -> Row | None:
        """Write all columns of a row over an unreadable one, whose etag it has; None if that was changed meanwhile."""
        return self.change(row, **{name: getattr(row, name) for name in self._columns})

    def change(self, row: Row, **changes: Any) -> Row | None:
        """Change some fields and return the new row, or None if the row was changed or deleted since it was read."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        changed = self._as_stored(replace(row, **changes))
        entity = self._key(row) | {self._columns[name]: self._cell(name, changed) for name in changes}
        with storage_errors():
            try:
                response = self._table().update_entity(
                    entity, etag=row.etag, match_condition=MatchConditions.IfNotModified
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return None
            return replace(changed, etag=str(response["etag"]))

    def merge(self, row: Row, **changes: Any) -> Row | None:
        """Write some fields whatever the row's etag, and return the row; None if it was deleted.

        For fields of which the caller is the only writer, after several conflicts over others.
        """
        from azure.core.exceptions import ResourceNotFoundError

        changed = self._as_stored(replace(row, **changes))
        entity = self._key(row) | {self._columns[name]: self._cell(name, changed) for name in changes}
        with storage_errors():
            try:
                response = self._table().update_entity(entity)
            except ResourceNotFoundError:
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
        """Return up to `size` readable rows in the order of their ids, after the id `after`."""
        rows: list[Row] = []
        while len(rows) < size and (page := self._page(size - len(rows), after)):
            rows += [row for row in page if not isinstance(row, Unreadable)]
            after = _key_of(page[-1])
        return rows

    def rows(self) -> Iterator[Row | Unreadable]:
        """Yield every row. For code that concludes something from what it does not find."""
        after, page = "", self._page(PAGE, "")
        while page:
            yield from page
            after = _key_of(page[-1])
            page = self._page(PAGE, after)

    def all(self) -> Iterator[Row]:
        """Yield every readable row. For code that counts or shows; each unreadable row is logged."""
        for row in self.rows():
            if isinstance(row, Unreadable):
                _logger.warning("A row of the kind %s cannot be read: %s", self._partition, row.key)
            else:
                yield row

    def select(self, condition: str, values: dict[str, Any]) -> Iterator[Row | Unreadable]:
        """Yield the rows that a filter selects. A row without a column that the filter names is not selected."""
        rule = f"PartitionKey eq @partition and {condition}"
        with storage_errors():
            for entity in self._table().query_entities(rule, parameters={"partition": self._partition, **values}):
                yield self._parsed(entity)

    def _page(self, size: int, after: str) -> list[Row | Unreadable]:
        """Read on over the service's own pages, which may be short or empty ("Query timeout and pagination")."""
        rule = "PartitionKey eq @partition and RowKey gt @after"
        names = {"partition": self._partition, "after": after}
        with storage_errors():
            rows = self._table().query_entities(rule, parameters=names, results_per_page=size)
            return [self._parsed(row) for row in islice(rows, size)]

    def _parsed(self, entity: Any) -> Row | Unreadable:
        try:
            return self._read(entity)
        except ERRORS:
            return SIGHTINGS.saw(name_of(self._table()), self._partition, entity)

    def count(self) -> int:
        """Return the number of rows. Costs one call for each thousand rows."""
        names = {"partition": self._partition}
        with storage_errors():
            keys = self._table().query_entities("PartitionKey eq @partition", parameters=names, select=["RowKey"])
            return sum(1 for _ in keys)

    def partition_of(self, row: Row) -> str:  # noqa: ARG002  (today one partition for each kind)
        """Return the partition of a row."""
        return self._partition

    def _as_stored(self, row: Row) -> Row:
        """Return a row whose `compared` times are in whole seconds, as they are stored."""
        moments = {name: getattr(row, name) for name in self._compared}
        return replace(row, **{name: each.replace(microsecond=0) for name, each in moments.items() if each is not None})

    def _cell(self, name: str, row: Row) -> Any:
        """Return a field as stored; None becomes an empty text."""
        value = getattr(row, name)
        if isinstance(value, datetime):
            return text_of(value) if name in self._compared else value.astimezone(UTC).isoformat()
        return "" if value is None else value

    def _key(self, row: Row) -> dict[str, Any]:
        return {"PartitionKey": self.partition_of(row), "RowKey": row.id}

    def _read(self, entity: Any) -> Row:
        """Return a row; a column missing from an older version's row has its default. Its id is its key, whatever its
        column says: a change or deletion by another id would miss the row, again and again.
        """
        values = {name: entity[column] for name, column in self._columns.items() if column in entity}
        values["id"] = str(entity["RowKey"])
        for name in self._moments:
            values[name] = moment_in(values.get(name))
        return self._kind(**checked(self._type, values), etag=str(entity.metadata["etag"]))


def stored_as(column: str) -> dict[str, str]:
    """Return the metadata of a dataclass field whose column has another name."""
    return {"stored_as": column}


def columns_of(kind: type) -> dict[str, str]:
    """Return the column of each field of a dataclass, except `etag`."""
    return {each.name: each.metadata.get("stored_as", each.name) for each in fields(kind) if each.name != "etag"}


def compared() -> dict[str, bool]:
    """Return the metadata of a time that filters compare as text: stored in UTC, in whole seconds, with a Z."""
    return {"compared": True}


def text_of(moment: datetime) -> str:
    """Return a time as stored in a `compared` column."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def name_of(table: TableClient) -> str:
    """Return the name of a table."""
    return str(table.table_name)


def _key_of(row: HasId | Unreadable) -> str:
    return row.key if isinstance(row, Unreadable) else row.id
