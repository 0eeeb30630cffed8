"""Rows are stored as before the restructure: tables, partitions, keys, columns, types and values.

An update must read what the previous version stored, and can be rolled back.
"""

from __future__ import annotations

from typing import Any

import pytest

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
ROWS: dict[str, list[dict[str, Any]]] = BEFORE["rows"]


def test_every_row_is_stored_as_before() -> None:
    """In its table and partition, by its key, with each column, type and text; also after a change of a row."""
    now = rows_now()
    assert now.keys() == ROWS.keys()
    for name, rows in now.items():
        assert as_json(rows) == ROWS[name], name
        assert {type(value) for row in rows for value in row.values()} <= {str, int, bool}, name


@pytest.mark.parametrize("name", sorted(CREATED))
def test_a_row_of_before_is_read(name: str) -> None:
    """Every field, by its position; a claim of the ledger is listed beside the claimed entry."""
    now, meant = read_back(name, ROWS[name]), in_order(CREATED[name])[:-1]
    claimed = name.startswith("ledger")
    assert (now[:-1], now[-1] is not None) == (meant[:-1], True) if claimed else now == meant


@pytest.mark.parametrize("kind", sorted(CHANGERS))
def test_a_field_that_changes_is_written_to_its_column(kind: str) -> None:
    """A blank row with each field changed has the columns of a full row, and no others."""
    columns = {column for row in changed_rows(kind) for column in row}
    assert columns == {column for row in ROWS[kind] for column in row}


def test_the_filters_of_queries_stay() -> None:
    """They name columns, too."""
    assert filters_now() == BEFORE["filters"]


def test_queues_have_their_names_and_are_written_as_before() -> None:
    """With the delay in whole seconds, a week at most, and without expiry."""
    assert as_json(queues_now()) == BEFORE["queues"]
