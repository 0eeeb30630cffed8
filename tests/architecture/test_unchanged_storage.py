"""What is stored is stored as it was before the restructure: tables, partitions, keys, columns, types and values.

An update must find what the version before it left, and may be taken back.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.architecture.outward import as_json, in_order, kept
from tests.architecture.outward_rows import CHANGERS, MADE, changed_rows, filters_now, queues_now, read_back, rows_now

BEFORE = kept("storage")
ROWS: dict[str, list[dict[str, Any]]] = BEFORE["rows"]


def test_every_row_is_stored_as_before() -> None:
    """In its table and partition, by its key, with each column, its type and its text; also by a change of one row."""
    now = rows_now()
    assert now.keys() == ROWS.keys()
    for name, rows in now.items():
        assert as_json(rows) == ROWS[name], name
        assert {type(value) for row in rows for value in row.values()} <= {str, int, bool}, name


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_row_of_before_is_read(name: str) -> None:
    """Every field, by its position; a claim of the ledger stands beside what was claimed."""
    now, meant = read_back(name, ROWS[name]), in_order(MADE[name])[:-1]
    claimed = name.startswith("ledger")
    assert (now[:-1], now[-1] is not None) == (meant[:-1], True) if claimed else now == meant


@pytest.mark.parametrize("kind", sorted(CHANGERS))
def test_a_field_that_changes_is_written_to_its_column(kind: str) -> None:
    """A blank row of which each field is changed has the columns of a full one, and no other."""
    columns = {column for row in changed_rows(kind) for column in row}
    assert columns == {column for row in ROWS[kind] for column in row}


def test_tables_are_asked_with_the_filters_of_before() -> None:
    """They name columns, too."""
    assert filters_now() == BEFORE["filters"]


def test_queues_have_their_names_and_are_written_as_before() -> None:
    """With the delay in whole seconds, a week at most, and no end."""
    assert as_json(queues_now()) == BEFORE["queues"]
