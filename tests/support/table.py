"""A TableClient in memory: rows, etags, and the three answers that the relay expects (404, 409, 412).

Not for what storage itself does, which is tested on Azurite: for worlds with a clock of their own, and for years in
minutes.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableTransactionError, UpdateMode

_TERM = re.compile(r"(\w+) (eq|ne|gt|ge|lt) (@\w+|'[^']*')")
_SIGNS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<"}
_STATUS = {ResourceExistsError: 409, ResourceModifiedError: 412, ResourceNotFoundError: 404}


class Row(dict[str, Any]):
    """An entity as the SDK gives it: a dict whose etag is in its metadata."""

    def __init__(self, content: dict[str, Any], etag: str) -> None:
        super().__init__(content)
        self.metadata = {"etag": etag}


class Rows(list[Row]):
    """What a query gives: rows, or pages of rows."""

    def by_page(self) -> Iterator[list[Row]]:
        """Give all rows as one page; no page when there is none."""
        return iter([self] if self else [])


class FakeTable:
    """The few methods that the relay calls; `failing` is a number of calls that raise what storage raises, and `before`
    runs at each call.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}
        self._keys: dict[str, dict[str, None]] = {}  # every key that a partition ever had
        self.failing = 0
        self.before: Callable[[], None] = lambda: None
        self.lock = threading.RLock()
        self._etags = itertools.count(1)

    def get_entity(self, partition: str, key: str) -> Row:
        """Return a row or raise 404."""
        with self.lock:
            self._called()
            if (partition, key) not in self.rows:
                raise _error(ResourceNotFoundError)
            row = self.rows[partition, key]
            return Row(dict(row), row.metadata["etag"])

    def create_entity(self, entity: dict[str, Any]) -> dict[str, str]:
        """Add a row or raise 409."""
        with self.lock:
            self._called()
            if _place(entity) in self.rows:
                raise _error(ResourceExistsError)
            return self._put(entity)

    def update_entity(
        self,
        entity: dict[str, Any],
        mode: UpdateMode = UpdateMode.MERGE,
        *,
        etag: str = "",
        match_condition: object = None,
    ) -> dict[str, str]:
        """Change a row, on the condition of its etag if one is given; 404 or 412."""
        with self.lock:
            self._called()
            row = self.rows.get(_place(entity))
            if row is None:
                raise _error(ResourceNotFoundError)
            if match_condition is not None and row.metadata["etag"] != etag:
                raise _error(ResourceModifiedError)
            return self._put(entity if mode == UpdateMode.REPLACE else row | entity)

    def upsert_entity(self, entity: dict[str, Any]) -> dict[str, str]:
        """Add a row or change it."""
        with self.lock:
            self._called()
            return self._put(self.rows.get(_place(entity), {}) | entity)

    def delete_entity(self, entity: dict[str, Any], *, etag: str = "", match_condition: object = None) -> None:
        """Remove a row, on the condition of its etag; the SDK is silent when there is none."""
        with self.lock:
            self._called()
            row = self.rows.get(_place(entity))
            if row is not None and match_condition is not None and row.metadata["etag"] != etag:
                raise _error(ResourceModifiedError)
            self.rows.pop(_place(entity), None)

    def query_entities(
        self, rule: str, *, parameters: dict[str, str] | None = None, results_per_page: int = 1000, **_: Any
    ) -> Rows:
        """Return the rows of a rule in the order of their keys."""
        test, names = _test_of(rule), parameters or {}
        with self.lock:
            self._called()
            some = self._partition(names)
            found = [Row(row, row.metadata["etag"]) for row in some if test(row, names)]
        return Rows(sorted(found, key=_place)[:results_per_page])

    def _partition(self, names: dict[str, str]) -> list[Row]:
        """Return the rows of the partition that a rule names, or all."""
        wanted = names.get("partition") or names.get("watch")
        if wanted is None:
            return list(self.rows.values())
        places = ((wanted, key) for key in self._keys.get(wanted, ()))
        return [self.rows[place] for place in places if place in self.rows]

    def submit_transaction(self, operations: list[tuple[Any, ...]]) -> list[dict[str, str]]:
        """Do all of it or nothing."""
        with self.lock:
            before = dict(self.rows)
            try:
                return [self._operate(*operation) for operation in operations]
            except HttpResponseError as error:
                self.rows = before
                failure = TableTransactionError(message="a part of the transaction failed")
                failure.status_code = error.status_code
                raise failure from None
            except BaseException:  # whatever a test lets break in: a transaction is never done by half
                self.rows = before
                raise

    def _operate(self, verb: str, entity: dict[str, Any], condition: dict[str, Any] | None = None) -> dict[str, str]:
        if verb == "create":
            return self.create_entity(entity)
        if verb == "update":
            return self.update_entity(entity, **condition or {})
        if verb == "upsert":
            return self.upsert_entity(entity)
        if _place(entity) not in self.rows:
            raise _error(ResourceNotFoundError)
        self.delete_entity(entity, **condition or {})
        return {}

    def _put(self, entity: dict[str, Any]) -> dict[str, str]:
        etag = f'W/"{next(self._etags)}"'
        self._keys.setdefault(entity["PartitionKey"], {})[entity["RowKey"]] = None
        self.rows[_place(entity)] = Row(dict(entity), etag)
        return {"etag": etag}

    def _called(self) -> None:
        self.before()
        if self.failing:
            self.failing -= 1
            error = HttpResponseError("canary")
            error.status_code = 503
            raise error


@cache
def _test_of(rule: str) -> Callable[[dict[str, Any], dict[str, str]], bool]:
    """Return a rule of the relay's own as a function of a row and the rule's parameters."""

    def term(found: re.Match[str]) -> str:
        name, sign, value = found.groups()
        wanted = f"names[{value[1:]!r}]" if value.startswith("@") else repr(value[1:-1])
        return f"row.get({name!r}, '') {_SIGNS[sign]} {wanted}"

    test: Callable[[dict[str, Any], dict[str, str]], bool] = eval(f"lambda row, names: {_TERM.sub(term, rule)}")  # noqa: S307
    return test


def _place(entity: dict[str, Any]) -> tuple[str, str]:
    return entity["PartitionKey"], entity["RowKey"]


def _error(kind: type[HttpResponseError]) -> HttpResponseError:
    error = kind("canary")
    error.status_code = _STATUS[kind]
    return error
