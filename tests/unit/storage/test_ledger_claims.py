"""Until when the claim on an entry holds, and how many entries are written or deleted together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableTransactionError

from shared.errors import ServiceUnavailable
from shared.moments import LARGEST_SKEW
from shared.storage.ledger import CLAIM, Ledger
from shared.storage.ledger_entry import Entry
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "holds"),
    [
        (-SECOND, False), (timedelta(), False), (SECOND, True), (CLAIM, True), (CLAIM + LARGEST_SKEW, True),
        (CLAIM + LARGEST_SKEW + SECOND, False),
    ],
)  # fmt: skip
def test_a_claim_holds_until_its_end(left: timedelta, *, holds: bool) -> None:
    """Also one of an instance whose clock is ahead; not one that only a wrong clock can have written."""
    table = FakeTable()
    ledger = Ledger(lambda: table, lambda: NOW)
    ledger.release([Entry("w", "E")])
    [entry] = ledger.read("w", ["E"])
    assert Ledger(lambda: table, lambda: NOW + left - CLAIM).claim([entry]) != [None]
    [entry] = ledger.read("w", ["E"])
    assert entry.claimed_until == NOW + left
    [claim] = ledger.claim([entry])
    assert (claim is None) == holds
    assert ledger.drop([replace(entry, etag="old")]) == 0
    assert ledger.drop(ledger.read("w", ["E"]) if claim is None else [claim]) == 0


@pytest.mark.parametrize("number", [99, 100, 101, 201])
def test_every_entry_of_a_watch_is_deleted(number: int) -> None:
    """A transaction takes a hundred; none is left between two. By either way to delete them."""
    table = FakeTable()
    ledger = Ledger(lambda: table, lambda: NOW)
    for watch_id in ("w", "v"):
        for event in range(number):
            ledger.release([Entry(watch_id, f"E{event}")])
    [read] = ledger.pages("v")
    assert ledger.drop(read) == number
    ledger.forget("w")
    assert table.rows == {}


class FullTable(FakeTable):
    """Refuses every transaction with a status."""

    status = 0

    def submit_transaction(self, *given: Any, **options: Any) -> Any:
        """Refuse, unless there is no status."""
        if not self.status:
            return super().submit_transaction(*given, **options)
        error = TableTransactionError(message="refused")
        error.status_code = self.status
        raise error


@pytest.mark.parametrize("status", [413, 500, 503])
def test_a_transaction_that_storage_refuses_is_not_taken_apart(status: int) -> None:
    """Only a conflict with another writer is, where each entry is written by itself: nothing is written here."""
    table = FullTable()
    ledger = Ledger(lambda: table, lambda: NOW)
    events = ["E", "F"]
    ledger.release(ledger.read("w", events))
    table.status = status
    entries = ledger.read("w", events)
    for act in (lambda: ledger.claim(entries), lambda: ledger.drop(entries), lambda: ledger.forget("w")):
        with pytest.raises(ServiceUnavailable):
            act()
    assert ledger.read("w", events) == entries


@pytest.mark.parametrize("status", [400, 404, 409, 412])
def test_after_a_conflict_each_entry_is_written_by_itself(status: int) -> None:
    """One of them was changed, claimed or deleted by another process, or two of them are the same."""
    table = FullTable()
    ledger = Ledger(lambda: table, lambda: NOW)
    events = ["E", "F"]
    ledger.release(ledger.read("w", events))
    entries = ledger.read("w", events)
    table.status = status
    assert [claim is not None for claim in ledger.claim([entries[0], replace(entries[1], etag="old")])] == [True, False]
    assert [entry.claimed_until for entry in ledger.read("w", events)] == [NOW + CLAIM, None]


@pytest.mark.parametrize("events", [["E"], ["E", "F"]])
def test_the_entries_of_a_watch_that_was_deleted_meanwhile_are_not_written(events: list[str]) -> None:
    """A delivery was going on. It ends without an error, and leaves no entry."""
    table = FakeTable()
    ledger = Ledger(lambda: table, lambda: NOW)
    claims = [claim for claim in ledger.claim(ledger.read("w", events)) if claim]
    ledger.forget("w")
    ledger.release(claims)
    assert (len(claims), table.rows) == (len(events), {})
