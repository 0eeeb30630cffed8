"""Rows are stored as before the restructure: tables, partitions, keys, columns, types and values.

An update must read what the previous version stored, and can be rolled back.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from shared.storage.ledger_entry import UNKNOWN_BEFORE, Entry
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
POSITIONS = [field.name for field in fields(Entry)]
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
    """Every field, by its position; an entry of the ledger has a claim."""
    now, meant = read_back(name, ROWS[name]), in_order(CREATED[name])[:-1]
    if name.startswith("ledger"):
        claimed, tried, sent_as = (POSITIONS.index(field) for field in ("claimed_until", "tried", "sent_as"))
        assert now[claimed] is not None
        # The claim may have expired after a delivery. Earlier versions sent the time of the reading.
        assert (now[tried], now[sent_as]) == (UNKNOWN_BEFORE, now[POSITIONS.index("read_at")])
        now = tuple(blank if position in (claimed, tried, sent_as) else value
                    for position, (value, blank) in enumerate(zip(now, meant, strict=True)))  # fmt: skip
    assert now == meant


@pytest.mark.parametrize("kind", sorted(CHANGERS))
def test_a_field_that_changes_is_written_to_its_column(kind: str) -> None:
    """A blank row with each field changed has the columns of a full row of before, those added, and no others."""
    columns = {column for row in changed_rows(kind) for column in row}
    added = columns_of(type(CREATED[kind])).values()
    assert columns == {column for row in ROWS[kind] for column in row} | set(added)


def test_the_filters_of_queries_stay() -> None:
    """They name columns, too. The occurrences of a series include those that are on their way or deleted, and what a
    watch leaves is read with all columns, because it may be the next watch's.
    """
    now, before = filters_now(), BEFORE["filters"]
    texts = [text.removesuffix(" and told ne 'deleted'") for text in before["ledger"]]
    before["ledger"] = [text.removesuffix(" -> PartitionKey,RowKey") for text in texts]
    assert now == before


def test_queues_have_their_names_and_are_written_as_before() -> None:
    """With the delay in whole seconds, a week at most, and without expiry."""
    assert as_json(queues_now()) == BEFORE["queues"]
