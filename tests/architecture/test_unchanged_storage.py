"""Rows are stored as before the restructure: tables, partitions, keys, columns, types and values.

An update must read what the previous version stored, and can be rolled back.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.storage.table import columns_of
from tests.architecture.outward import as_json, in_order, reference
from tests.architecture.outward_rows import (
    CHANGERS,
    CREATED,
    changed_rows,
    filters_now,
    queues_now,
    read_back,
    rows_now,
)

BEFORE = reference("storage")
SET_FROM_THE_START = {"unfinished"}  # of the added columns: the number of runs that have begun and not ended
ROWS: dict[str, list[dict[str, Any]]] = BEFORE["rows"]


def as_before(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without the columns that their kind has since. Earlier versions neither read nor write these."""
    columns = {column for row in before for column in row}
    return [{column: value for column, value in row.items() if column in columns} for row in rows]


def test_every_row_is_stored_as_before() -> None:
    """In its table and partition, by its key, with each column, type and text; also after a change of a row.

    A column that was added is empty until it is set.
    """
    now = rows_now()
    assert now.keys() == ROWS.keys()
    for name, rows in now.items():
        assert as_json(as_before(rows, ROWS[name])) == ROWS[name], name
        for row, before in zip(rows, ROWS[name], strict=True):
            added = {column: value for column, value in row.items() if column not in {*before, *SET_FROM_THE_START}}
            assert not any(added.values()), (name, added)
        assert {type(value) for row in rows for value in row.values()} <= {str, int, bool}, name


@pytest.mark.parametrize("name", sorted(CREATED))
def test_a_row_of_before_is_read(name: str) -> None:
    """Every field, by its position; a claim of the ledger is listed beside the claimed entry."""
    now, meant = read_back(name, ROWS[name]), in_order(CREATED[name])[:-1]
    claimed = name.startswith("ledger")
    assert (now[:-1], now[-1] is not None) == (meant[:-1], True) if claimed else now == meant


@pytest.mark.parametrize("kind", sorted(CHANGERS))
def test_a_field_that_changes_is_written_to_its_column(kind: str) -> None:
    """A blank row with each field changed has the columns of a full row of before, those added, and no others."""
    columns = {column for row in changed_rows(kind) for column in row}
    added = columns_of(type(CREATED[kind])).values()
    assert columns == {column for row in ROWS[kind] for column in row} | set(added)


def test_the_filters_of_queries_stay() -> None:
    """They name columns, too."""
    assert filters_now() == BEFORE["filters"]


def test_queues_have_their_names_and_are_written_as_before() -> None:
    """With the delay in whole seconds, a week at most, and without expiry."""
    assert as_json(queues_now()) == BEFORE["queues"]
