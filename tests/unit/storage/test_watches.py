"""The table of watches, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from azure.data.tables import TableClient, TableEntity

from shared.storage.watches import SEEN_EVERY, Watch, Watches, watch_id_of
from tests.support.table import FakeTable, Rows

pytestmark = pytest.mark.server

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
Table = Callable[[], TableClient]


def stored(watches: Watches, mailbox: str = "room1@contoso.com") -> Watch:
    """Store a watch."""
    watch = watches.insert(Watch(watch_id_of(mailbox), mailbox, "relay", NOW))
    assert watch is not None
    return watch


@pytest.fixture
def watches(table: Table) -> Watches:
    """Return the watches in an empty table."""
    return Watches(table)


def test_a_watch_is_read_as_it_was_stored(watches: Watches) -> None:
    """Every field, times in UTC, and its etag."""
    full = Watch(
        "a" * 32, "æ@contoso.com", "direct", NOW, "https://p.example/x", "refused", NOW - timedelta(hours=1), "403",
        tried=NOW - timedelta(minutes=2), pending_since=NOW - timedelta(seconds=1), subscription_id="s",
        expires=NOW + timedelta(days=6), renewed=NOW - timedelta(days=1), gap_since=NOW - timedelta(minutes=3),
        by_partner=False, room_lists="l1 l2", key_version="v", user_id="u", last_change=NOW + timedelta(microseconds=5),
    )  # fmt: skip
    inserted = watches.insert(full)
    assert inserted is not None
    assert watches.get("a" * 32) == inserted
    assert watches.get("b" * 32) is None


def test_a_second_watch_of_a_mailbox_is_not_stored(watches: Watches) -> None:
    """The id does not depend on the case of the address, so concurrent calls create one row."""
    first = stored(watches)
    assert watches.insert(Watch(watch_id_of("ROOM1@contoso.com"), "x", "direct", NOW)) is None
    assert watches.get(first.id) == first


def test_a_change_needs_the_current_etag(watches: Watches) -> None:
    """The slower of two writers gets None; other fields stay."""
    first = stored(watches)
    changed = watches.change(first, state="live", expires=NOW)
    assert changed is not None
    assert watches.change(first, state="pending") is None
    assert watches.get(first.id) == changed
    assert (changed.mailbox, changed.expires) == ("room1@contoso.com", NOW)


def test_a_deleted_watch_is_not_restored(watches: Watches) -> None:
    """Neither by a change nor by a note that a change was seen."""
    first = stored(watches)
    assert watches.delete(first)
    assert watches.change(first, state="live") is None
    watches.saw_change(first, NOW, "u")
    assert watches.get(first.id) is None


def test_a_deletion_needs_the_current_etag(watches: Watches) -> None:
    """A stale deletion fails; deleting a deleted watch is a no-op."""
    first = stored(watches)
    second = watches.change(first, state="live")
    assert second is not None
    assert not watches.delete(first)
    assert watches.delete(second)
    assert watches.delete(second)


def test_a_seen_change_is_recorded_despite_concurrent_writes(watches: Watches) -> None:
    """The etag is not compared, and a write happens at most once in SEEN_EVERY."""
    first = stored(watches)
    watches.change(first, state="live")
    watches.saw_change(first, NOW, "u")
    seen = watches.get(first.id)
    assert seen is not None
    assert (seen.last_change, seen.user_id, seen.state) == (NOW, "u", "live")
    watches.saw_change(seen, NOW + SEEN_EVERY - timedelta(seconds=1), "u")
    assert watches.get(first.id) == seen
    watches.saw_change(seen, NOW + SEEN_EVERY, "u")
    assert watches.get(first.id) != seen


def test_pages_follow_each_other_in_the_order_of_ids(watches: Watches) -> None:
    """No watch is repeated or left out, and an empty page ends the list."""
    ids = sorted(stored(watches, f"room{number}@contoso.com").id for number in range(7))
    first, second = watches.page(3), watches.page(3, ids[2])
    assert [watch.id for watch in first + second] == ids[:6]
    assert [watch.id for watch in watches.page(3, ids[5])] == ids[6:]
    assert watches.page(3, ids[6]) == []
    assert [watch.id for watch in watches.all()] == ids


def test_ids_are_hexadecimal_and_stable() -> None:
    """They are in the clientState of existing subscriptions, so the rule can never change."""
    assert watch_id_of("Room1@Contoso.com") == watch_id_of("room1@contoso.com") == "e78ccf15e3ec5319b2a0ea0981016b1a"


class SlowTable(FakeTable):
    """Returns an empty first page with a continuation, as a table that needs time."""

    def query_entities(self, query_filter: str, **options: Any) -> Rows:
        """Return the rows on the second page; the first is empty."""
        rows = super().query_entities(query_filter, **options)
        return EmptyPageFirst(rows.rows, rows.size)


class EmptyPageFirst(Rows):
    """Rows whose first page is empty."""

    def by_page(self, continuation_token: str | None = None) -> Iterator[Iterator[TableEntity]]:
        """Yield an empty page and then the others."""
        return chain([iter(())], super().by_page(continuation_token))


def test_an_empty_page_is_not_the_end() -> None:
    """Otherwise all watches could seem deleted, and all subscriptions orphans ("Query timeout and pagination")."""
    table = SlowTable()
    watches = Watches(lambda: table)
    ids = sorted(stored(watches, f"room{number}@contoso.com").id for number in range(3))
    assert [watch.id for watch in watches.page(2)] == ids[:2]
    assert [watch.id for watch in watches.all()] == ids
