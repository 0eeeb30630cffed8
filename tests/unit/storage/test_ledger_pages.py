"""Entries claimed for the delivery of a page: up to a hundred in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.storage.ledger import CLAIM, Ledger
from shared.storage.ledger_entry import UNKNOWN, Entry
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
NAMES = [f"E{number}" for number in range(100)]


class CountingTable(FakeTable):
    """Counts transactions, and other writes."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions: list[int] = []
        self.writes = 0

    def submit_transaction(self, operations: Iterable[Any], **options: Any) -> Any:
        """Carry out a transaction."""
        given = list(operations)
        self.transactions.append(len(given))
        before = self.writes
        written = super().submit_transaction(given, **options)
        self.writes = before
        return written

    def create_entity(self, entity: Any, **options: Any) -> dict[str, Any]:
        """Add a row."""
        self.writes += 1
        return super().create_entity(entity, **options)

    def update_entity(self, entity: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Change a row."""
        self.writes += 1
        return super().update_entity(entity, *arguments, **options)


def ledger_of(table: FakeTable, now: datetime = NOW) -> Ledger:
    """Return a ledger of one worker."""
    return Ledger(lambda: table, lambda: now)


def all_entries(ledger: Ledger) -> dict[str, Entry]:
    """Return the entries by event."""
    return {entry.event_id: entry for page in ledger.pages("w") for entry in page}


def test_a_page_of_a_hundred_new_entries_is_a_single_transaction() -> None:
    """Each row names the page."""
    table = CountingTable()
    ledger = ledger_of(table)
    claims = ledger.claim([Entry("w", name) for name in NAMES], "page-1")
    assert (table.transactions, table.writes, None in claims) == ([100], 0, False)
    rows = all_entries(ledger)
    assert {(entry.page, entry.claimed_until) for entry in rows.values()} == {("page-1", NOW + CLAIM)}
    assert [rows[name] for name in NAMES] == claims


def test_rows_that_others_hold_are_left_to_them() -> None:
    """They are none of the transaction, which stays one; the claim of a page is no weaker than that of an event."""
    table = CountingTable()
    ledger = ledger_of(table)
    ledger.release([Entry("w", name) for name in NAMES])
    others = [claim for claim in ledger.claim(ledger.read("w", NAMES[:8])) if claim]
    table.transactions.clear()
    claims = ledger.claim([all_entries(ledger)[name] for name in NAMES], "page-1")
    assert [claim is None for claim in claims] == [True] * 8 + [False] * 92
    assert (table.transactions, table.writes) == ([92], 0)
    assert all_entries(ledger)["E0"] == others[0]
    assert ledger.claim([all_entries(ledger)["E9"]]) == [None]


def test_a_row_that_changed_meanwhile_is_left_and_the_others_are_claimed() -> None:
    """The transaction fails, and each is written by itself."""
    table = CountingTable()
    ledger = ledger_of(table)
    ledger.release([Entry("w", name) for name in NAMES])
    stale = [all_entries(ledger)[name] for name in NAMES]
    (other,) = ledger.claim([all_entries(ledger)["E3"]])
    assert other is not None
    claims = ledger.claim(stale, "page-1")
    assert [name for name, claim in zip(NAMES, claims, strict=True) if claim is None] == ["E3"]
    assert all_entries(ledger)["E3"] == other


def test_a_new_row_that_another_worker_created_meanwhile_is_left() -> None:
    """Both saw no row."""
    ledger = ledger_of(CountingTable())
    (other,) = ledger.claim([Entry("w", "E1")])
    claims = ledger.claim([Entry("w", name) for name in NAMES[:3]], "page-1")
    assert [claim is None for claim in claims] == [False, True, False]
    assert all_entries(ledger)["E1"] == other


def test_a_page_that_was_claimed_twice_has_a_single_owner() -> None:
    """A second worker claims the same page later: it gets none, until the claim expires."""
    table = CountingTable()
    first, second = ledger_of(table), ledger_of(table, NOW + CLAIM - timedelta(seconds=1))
    first.claim([Entry("w", name) for name in NAMES], "page-1")
    entries = [all_entries(first)[name] for name in NAMES]
    assert set(second.claim(entries, "page-1")) == {None}
    late = ledger_of(table, NOW + CLAIM)
    claims = late.claim(entries, "page-1")
    assert {claim.tried for claim in claims if claim} == {UNKNOWN}
    assert None not in claims


def test_the_release_of_a_page_is_a_single_transaction_and_clears_it() -> None:
    """The rows are free, and name no page."""
    table = CountingTable()
    ledger = ledger_of(table)
    claims = [claim for claim in ledger.claim([Entry("w", name) for name in NAMES], "page-1") if claim]
    table.transactions.clear()
    ledger.release([replace(claim, delivered_state="1") for claim in claims])
    assert (table.transactions, table.writes) == ([100], 0)
    assert {(entry.page, entry.claimed_until) for entry in all_entries(ledger).values()} == {("", None)}


def test_the_claim_of_an_event_names_no_page() -> None:
    """Also where the row was claimed for a page before."""
    table = CountingTable()
    ledger_of(table).claim([Entry("w", "E")], "page-1")
    late = ledger_of(table, NOW + CLAIM)
    (claim,) = late.claim(late.read("w", ["E"]))
    assert claim is not None
    assert (claim.page, claim.tried) == ("", UNKNOWN)
