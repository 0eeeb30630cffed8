"""The table `pairs` on Azurite: pairs and their claims, the index, the brake's rows, and what Dataverse was last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

from shared.errors import ServiceUnavailable
from shared.storage.leases import Held, Leases
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.call_leases import MOST_AT_ONCE, CallLeases
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Former, Pair, is_covered, key_of, restored_text, with_formers, writes_text
from shared.storage.pairs.pairs import CLAIM, Pairs
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.pairs.tracking import ONLY, Tracking, TrackingRow
from shared.unreadable_rows import Unreadable
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server
Table = Callable[[], TableClient]
BOOKING = "B0B0B0B0-0000-4000-8000-00000000000B"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WATCH, OTHER = "1" * 32, "2" * 32
PAIR = Pair(
    key_of(BOOKING), "outlook", "making", "resource", WATCH, "event/ø", 3, "b1", "e1", "v1:a.b.c", "v1:d.e.f", "",
    "series", NOON, NOON, NOON + timedelta(hours=1), "right", True, "", "", NOON, NOON, None, "token",  # noqa: FBT003
)  # fmt: skip


@pytest.fixture
def pairs(table: Table, clock: Clock) -> Pairs:
    """Return an empty table of pairs."""
    return Pairs(table, clock)


def test_every_column_is_read_as_it_was_stored(pairs: Pairs) -> None:
    """The booking's id is written as Dataverse does, whatever its case was."""
    formers = with_formers(PAIR, [Former(WATCH, "e0", "t0", is_removed=True), Former(OTHER, "", "t1")])
    full = replace(formers, restored=restored_text([NOON]), writes=writes_text([(NOON, "outlook")]))
    stored = pairs.add(full)
    assert stored is not None
    assert pairs.get(key_of(BOOKING)) == stored
    assert replace(stored, claimed_until=None, etag="") == full
    assert stored.booking_id == BOOKING.lower()
    assert stored.formers() == (Former(WATCH, "e0", "t0", is_removed=True), Former(OTHER, "", "t1"))
    assert stored.pending() == (Former(OTHER, "", "t1"),)
    assert (stored.restorations(), stored.recent_writes()) == ((NOON,), ((NOON, "outlook"),))


def test_a_booking_has_a_single_pair(pairs: Pairs) -> None:
    """The second of two workers is told so, and does not write."""
    assert pairs.add(PAIR) is not None
    assert pairs.add(PAIR) is None


def test_a_pair_is_claimed_once(pairs: Pairs, clock: Clock) -> None:
    """Until it is released, or the claim has expired; what expired is not written any more."""
    claimed = pairs.add(PAIR)
    assert claimed is not None
    again = pairs.get(PAIR.id)
    assert again is not None
    assert pairs.claim(again) is None
    clock.pass_by(CLAIM.total_seconds())
    taken = pairs.claim(again)
    assert taken is not None
    assert pairs.release(claimed) is None
    assert pairs.keep(claimed) is None
    released = pairs.release(replace(taken, state="paired"))
    assert released is not None
    assert (released.state, released.claimed_until) == ("paired", None)
    assert pairs.claim(released) is not None
    assert pairs.claim(released) is None, "it was changed since it was read"


def test_a_claim_of_a_wrong_clock_holds_nothing(pairs: Pairs, clock: Clock) -> None:
    """It would end in a year."""
    stored = pairs.insert(replace(PAIR, claimed_until=clock() + timedelta(days=365)))
    assert stored is not None
    assert pairs.claim(stored) is not None


def test_a_claim_that_is_kept_is_extended(pairs: Pairs, clock: Clock) -> None:
    """It is stored with what was decided, before the first write."""
    claimed = pairs.add(PAIR)
    assert claimed is not None
    clock.pass_by(100)
    kept = pairs.keep(replace(claimed, generation=4))
    assert kept is not None
    assert (kept.generation, kept.claimed_until) == (4, clock() + CLAIM)


def test_the_pairs_of_a_mailbox_and_of_a_series(pairs: Pairs) -> None:
    """Of no other."""
    for number, (watch, series) in enumerate([(WATCH, "a"), (WATCH, "b"), (OTHER, "a")]):
        pairs.add(replace(PAIR, id=f"{number:032x}", mailbox_watch=watch, series_id=series))
    assert [row.id[-1] for row in pairs.of_mailbox(WATCH) if isinstance(row, Pair)] == ["0", "1"]
    assert [row.id[-1] for row in pairs.of_series(WATCH, "a") if isinstance(row, Pair)] == ["0"]


@pytest.mark.parametrize(
    "damage",
    [
        {"state": "of a later version"},
        {"born": 5},
        {"read_at": "no time"},
        {"end": "x"},
        {"former": "no JSON"},
        {"former": "[5]"},
        {"restored": "[5]"},
        {"writes": '["x"]'},
    ],
)
def test_an_unreadable_pair_is_no_absent_pair(pairs: Pairs, table: Table, damage: dict[str, Any]) -> None:
    """Nothing is decided without it, and nothing is made in its place."""
    pairs.add(PAIR)
    table().update_entity({"PartitionKey": "pair", "RowKey": PAIR.id, **damage})
    with pytest.raises(ServiceUnavailable):
        pairs.get(PAIR.id)
    assert pairs.add(PAIR) is None
    assert [isinstance(row, Unreadable) for row in pairs.of_mailbox(WATCH)] == [True]


def test_a_hint_is_covered_by_a_look_that_began_after_it() -> None:
    """By more than clocks can differ."""
    pair = replace(PAIR, read_at=NOON)
    assert is_covered(pair, NOON - timedelta(seconds=4))
    assert not is_covered(pair, NOON - timedelta(seconds=3))
    assert not is_covered(replace(PAIR, read_at=None), NOON - timedelta(days=1))


def test_removed_events_are_forgotten_before_those_that_are_still_there() -> None:
    """The column does not grow for ever, and none that is to be removed is lost."""
    pending = [Former(WATCH, f"p{number}", "") for number in range(4)]
    removed = [Former(WATCH, f"r{number}", "", is_removed=True) for number in range(4)]
    assert with_formers(PAIR, removed + pending).formers() == (removed[3], *pending)
    assert len(with_formers(PAIR, pending * 2).formers()) == 4
    assert with_formers(PAIR, []).former == ""


def test_an_event_leads_to_its_pair(table: Table) -> None:
    """By mailbox and id; the same event of another mailbox is another."""
    index = PairIndex(table)
    row = IndexedEvent(event_key("event/ø"), "pair", PAIR.id, "series", NOON, NOON)
    first = index.write(WATCH, row)
    assert index.find(WATCH, "event/ø") == first
    assert index.find(OTHER, "event/ø") is None
    assert index.write(WATCH, row) == first
    second = index.write(WATCH, replace(row, booking_id="f" * 32))
    assert (second.booking_id, second.etag != first.etag) == ("f" * 32, True)


def test_an_event_of_microsofts_sync_stays_its(table: Table) -> None:
    """Also when its tag is taken off, and the event looks like a person's."""
    index, key = PairIndex(table), event_key("event")
    index.write(WATCH, IndexedEvent(key, "microsoft"))
    assert index.write(WATCH, IndexedEvent(key, "pair", PAIR.id)).kind == "microsoft"


def test_an_unreadable_row_of_the_index_raises_until_it_is_overwritten(table: Table) -> None:
    """Without it the event would become a second booking."""
    index, key = PairIndex(table), event_key("event")
    index.write(WATCH, IndexedEvent(key, "pair", PAIR.id))
    table().update_entity({"PartitionKey": f"event-{WATCH}", "RowKey": key, "kind": "of a later version"})
    with pytest.raises(ServiceUnavailable):
        index.find(WATCH, "event")
    assert index.write(WATCH, IndexedEvent(key, "pair", PAIR.id)).kind == "pair"


def test_the_brake_is_changed_by_what_it_holds_at_that_moment(table: Table) -> None:
    """Another worker writes in between: its removal is not lost."""
    brakes, interrupted = Brakes(table), list[bool]()
    brakes.change(WATCH, lambda _: {"changed": NOON})

    def add(row: Any) -> dict[str, Any]:
        if not interrupted:
            interrupted.append(True)
            brakes.change(WATCH, lambda _: {"held_by": "1"})
        return {"held_by": f"{row.held_by}+", "held_since": NOON}

    assert brakes.change(WATCH, add).held_by == "1+"
    assert brakes.change(OTHER, lambda _: {}).etag == ""
    brakes.change(OTHER, lambda _: {"removed": "[]"})
    assert [row.id for row in brakes.held() if not isinstance(row, Unreadable)] == [WATCH]


@pytest.mark.parametrize("damage", [{"held_since": "no time"}, {"removed": "no JSON"}, {"created": "[[1, 2]]"}])
def test_an_unreadable_brake_holds(table: Table, damage: dict[str, Any]) -> None:
    """It cannot be known that it does not."""
    brakes = Brakes(table)
    brakes.change(WATCH, lambda _: {"changed": NOON})
    table().update_entity({"PartitionKey": "brake", "RowKey": WATCH, **damage})
    with pytest.raises(ServiceUnavailable):
        brakes.read(WATCH)
    assert [isinstance(row, Unreadable) for row in brakes.held()] == [True]


def test_what_dataverse_was_last(table: Table) -> None:
    """A blank row before the first start. One that cannot be read does not count as such: it would begin anew."""
    row = TrackingRow(table)
    assert row.read() == Tracking()
    row.change(lambda _: {"delta_link": "https://org.crm4.dynamics.com/api/data/v9.2/x?$deltatoken=1"})
    row.change(lambda before: {"token_days": before.token_days + 7, "delta_at": NOON})
    assert (row.read().token_days, row.read().delta_at, row.read().delta_link[-1]) == (7, NOON, "1")
    table().update_entity({"PartitionKey": "tracking", "RowKey": ONLY, "started_at": "no time"})
    with pytest.raises(ServiceUnavailable):
        row.read()


def test_a_resource_is_stored(table: Table) -> None:
    """By its id; without its name."""
    resource = StoredResource("3" * 32, "room@contoso.com", WATCH, "", "followed", NOON, NOON, NOON, None, "busy")
    stored = Resources(table).insert(resource)
    assert Resources(table).get("3" * 32) == stored


def test_eight_messages_are_worked_on_at_once(table: Table, clock: Clock) -> None:
    """The ninth waits; a lease that was released is free."""
    calls = CallLeases(Leases(table), clock, lambda numbers: numbers)
    held = [calls.acquire() for _ in range(MOST_AT_ONCE)]
    assert all(isinstance(lease, Held) for lease in held)
    assert calls.acquire() is None
    assert held[3] is not None
    held[3].release()
    assert calls.acquire() is not None
