"""The ledger, on the real Azurite: one reader at a time, nothing overwritten, nothing left over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from azure.data.tables import TableClient

from shared.errors import ServiceUnavailable
from shared.storage.ledger import CLAIM, MOST_AT_ONCE, Ledger
from shared.storage.ledger_entry import Entry
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server

Table = Callable[[], TableClient]
EVENTS = [f"E{number}/+=%'\u00e6" for number in range(MOST_AT_ONCE)]


@pytest.fixture
def ledger(table: Table, clock: Clock) -> Ledger:
    """Return a ledger on an empty table."""
    return Ledger(table, clock)


def claimed(ledger: Ledger, *event_ids: str) -> list[Entry]:
    """Claim entries and return them."""
    claimed = [entry for entry in ledger.claim(ledger.read("w", event_ids)) if entry is not None]
    assert len(claimed) == len(event_ids)
    return claimed


def test_an_unknown_event_is_blank(ledger: Ledger) -> None:
    """Blank entries are returned in the order of the request."""
    assert ledger.read("w", ["b", "a"]) == [Entry("w", "b"), Entry("w", "a")]


def test_entries_are_read_as_they_were_written(ledger: Ledger, clock: Clock) -> None:
    """All are read in one call, whatever their ids look like; ids differ in case."""
    entries = [
        replace(entry, delivered_state=f"W/{number}", read_at=clock(), checked_calendar=True, deletions=number,
                retry_token="r", series_id="S", start="2026", end="2027")
        for number, entry in enumerate(claimed(ledger, *EVENTS))
    ]  # fmt: skip
    ledger.release(entries)
    read = ledger.read("w", EVENTS)
    assert [replace(entry, etag="") for entry in read] == [
        replace(entry, etag="", claimed_until=None) for entry in entries
    ]
    assert ledger.read("w", [EVENTS[0].lower()])[0].delivered_state == ""
    assert ledger.read("v", [EVENTS[0]])[0].delivered_state == ""


@pytest.mark.parametrize("number", [1, 3])
def test_a_claim_blocks_others_until_it_expires(ledger: Ledger, clock: Clock, number: int) -> None:
    """For a single entry or several; a claim expires after CLAIM, because its owner may have crashed."""
    events = EVENTS[:number]
    claimed(ledger, *events)
    assert ledger.claim(ledger.read("w", events)) == [None] * number
    clock.pass_by(CLAIM.total_seconds() - 1)
    assert ledger.claim(ledger.read("w", events)) == [None] * number
    clock.pass_by(1)
    assert None not in ledger.claim(ledger.read("w", events))


@pytest.mark.parametrize("stored", [True, False])
def test_of_two_claims_of_the_same_entries_the_first_wins(ledger: Ledger, stored: bool) -> None:  # noqa: FBT001
    """For an event with a row in the ledger, and for one without."""
    if stored:
        ledger.release(claimed(ledger, "E"))
    picture = ledger.read("w", ["E"])
    assert None not in ledger.claim(picture)
    assert ledger.claim(picture) == [None]


def test_a_claimed_entry_does_not_block_the_others(ledger: Ledger) -> None:
    """Seven are claimed although the eighth was claimed by another caller since it was read."""
    picture = ledger.read("w", EVENTS)
    claimed(ledger, EVENTS[3])
    claims = ledger.claim(picture)
    assert [number for number, claim in enumerate(claims) if claim is None] == [3]
    assert [claim.event_id for claim in claims if claim] == EVENTS[:3] + EVENTS[4:]


def test_a_lost_claim_writes_nothing(ledger: Ledger, clock: Clock) -> None:
    """An older read must not overwrite a newer one."""
    slow = claimed(ledger, "E", "F")
    clock.pass_by(CLAIM.total_seconds())
    quick = claimed(ledger, "E")
    ledger.release([replace(quick[0], delivered_state="new")])
    ledger.release([replace(entry, delivered_state="old") for entry in slow])
    assert [entry.delivered_state for entry in ledger.read("w", ["E", "F"])] == ["new", "old"]


def test_of_many_threads_a_single_thread_gets_the_claim(ledger: Ledger) -> None:
    """The threads claim at the same time."""
    reads = [ledger.read("w", ["E"]) for _ in range(8)]
    barrier = threading.Barrier(8)
    won: list[Entry] = []

    def claim(entries: list[Entry]) -> None:
        barrier.wait(180)
        won.extend(entry for entry in ledger.claim(entries) if entry)

    threads = [threading.Thread(target=claim, args=(entries,)) for entries in reads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1


def test_the_occurrences_of_a_series_are_listed(ledger: Ledger) -> None:
    """Only those of this mailbox and series that the partner believes to exist."""
    states = ["1", "deleted", "2"]
    entries = [
        replace(e, delivered_state=t, series_id="S'")
        for e, t in zip(claimed(ledger, "A", "B", "C"), states, strict=True)
    ]
    ledger.release(entries)
    ledger.release([replace(entry, delivered_state="3", series_id="T") for entry in claimed(ledger, "D")])
    assert sorted(entry.event_id for entry in ledger.of_series("w", "S'")) == ["A", "C"]
    assert ledger.of_series("v", "S'") == []


def test_a_watch_is_forgotten_with_all_its_entries(ledger: Ledger) -> None:
    """More entries than fit into one transaction; other watches keep theirs."""
    for first in range(0, 112, MOST_AT_ONCE):
        claimed(ledger, *(f"E{number}" for number in range(first, first + MOST_AT_ONCE)))
    ledger.claim(ledger.read("v", ["E1"]))
    ledger.forget("w")
    ledger.forget("w")
    assert all(entry.etag == "" for entry in ledger.read("w", [f"E{number}" for number in range(8)]))
    assert ledger.read("v", ["E1"])[0].etag


def test_two_deletions_of_a_watch_do_not_conflict(table: Table, clock: Clock) -> None:
    """Both forget the entries at the same time, and both succeed."""

    class Racing(TableClient):
        """A table in which another caller always deletes the first row earlier."""

        def __init__(self) -> None:
            pass

        def query_entities(self, *query: Any, **options: Any) -> Any:
            """Return the rows of the table."""
            return table().query_entities(*query, **options)

        def delete_entity(self, *entity: Any, **options: Any) -> None:
            """Delete a row of the table."""
            table().delete_entity(*entity, **options)

        def submit_transaction(self, operations: Any, **_: Any) -> Any:
            """Delete the first row, then run the transaction."""
            table().delete_entity(operations[0][1]["PartitionKey"], operations[0][1]["RowKey"])
            return table().submit_transaction(operations)

    claimed(Ledger(table, clock), *EVENTS)
    Ledger(Racing, clock).forget("w")
    assert all(entry.etag == "" for entry in Ledger(table, clock).read("w", EVENTS))


def test_all_entries_are_paged(ledger: Ledger) -> None:
    """Only those of one watch; storage returns a thousand at a time, so a large calendar is never in memory."""
    for first in range(0, 1008, MOST_AT_ONCE):
        ledger.release([Entry("w", f"E{number}", delivered_state="1") for number in range(first, first + MOST_AT_ONCE)])
    ledger.release([Entry("v", "E")])
    pages = list(ledger.pages("w"))
    assert [len(page) for page in pages] == [1000, 8]
    assert {entry.event_id for page in pages for entry in page} == {f"E{number}" for number in range(1008)}


def test_entries_are_dropped_as_they_were_read(ledger: Ledger) -> None:
    """More than a transaction takes; an entry changed, claimed or dropped meanwhile stays as it is."""
    for first in range(0, 104, MOST_AT_ONCE):
        ledger.release([Entry("w", f"E{number}", delivered_state="1") for number in range(first, first + MOST_AT_ONCE)])
    [read] = ledger.pages("w")
    by_id = {entry.event_id: entry for entry in read}
    ledger.release([replace(by_id["E1"], delivered_state="2")])
    claimed(ledger, "E2")
    assert ledger.drop([by_id["E3"]]) == 1
    assert ledger.drop(read) == 101
    assert {entry.event_id for page in ledger.pages("w") for entry in page} == {"E1", "E2"}


def test_a_claimed_entry_is_not_dropped(ledger: Ledger) -> None:
    """Not even by a caller that has read the claim."""
    claimed(ledger, "E1")
    [read] = ledger.pages("w")
    assert ledger.drop(read) == 0
    assert [entry.event_id for page in ledger.pages("w") for entry in page] == ["E1"]


def test_a_single_entry_is_read_by_its_key(ledger: Ledger, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that names a row key otherwise scans all rows of the mailbox ("Design for querying")."""
    ledger.release(claimed(ledger, *EVENTS))
    monkeypatch.setattr(table(), "query_entities", lambda *_, **__: pytest.fail("a query"))
    assert ledger.read("w", EVENTS[:1])[0].etag
    assert ledger.read("w", ["unknown"]) == [Entry("w", "unknown")]


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_table_is_not_an_empty_ledger(ledger: Ledger, table: Table, number: int) -> None:
    """Otherwise every event would be delivered again."""
    table().delete_table()
    with pytest.raises(ServiceUnavailable):
        ledger.read("w", EVENTS[:number])
