"""Claims about the table of watches, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

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
    """Return the object under test on an empty table."""
    return Watches(table)


def test_a_watch_comes_back_as_it_was_stored(watches: Watches) -> None:
    """Every field, moments in UTC, and its etag."""
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


def test_a_second_one_is_not_stored(watches: Watches) -> None:
    """The id is that of the address in any case, so two calls at once can make only one row."""
    first = stored(watches)
    assert watches.insert(Watch(watch_id_of("ROOM1@contoso.com"), "x", "direct", NOW)) is None
    assert watches.get(first.id) == first


def test_a_change_needs_the_row_as_it_was_read(watches: Watches) -> None:
    """The slower of two is told; other fields stay."""
    first = stored(watches)
    changed = watches.change(first, state="live", expires=NOW)
    assert changed is not None
    assert watches.change(first, state="pending") is None
    assert watches.get(first.id) == changed
    assert (changed.mailbox, changed.expires) == ("room1@contoso.com", NOW)


def test_a_deleted_watch_is_not_brought_back(watches: Watches) -> None:
    """Neither by a change nor by having seen one."""
    first = stored(watches)
    assert watches.delete(first)
    assert watches.change(first, state="live") is None
    watches.saw_change(first, NOW, "u")
    assert watches.get(first.id) is None


def test_a_deletion_needs_the_row_as_it_was_read_and_gone_is_as_good(watches: Watches) -> None:
    """Who deletes an old picture of it is told."""
    first = stored(watches)
    second = watches.change(first, state="live")
    assert second is not None
    assert not watches.delete(first)
    assert watches.delete(second)
    assert watches.delete(second)


def test_what_was_seen_is_noted_whoever_else_writes(watches: Watches) -> None:
    """Without a look at the etag, and not more often than SEEN_EVERY."""
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
    """No watch twice, none left out, an empty page at the end."""
    ids = sorted(stored(watches, f"room{number}@contoso.com").id for number in range(7))
    first, second = watches.page(3), watches.page(3, ids[2])
    assert [watch.id for watch in first + second] == ids[:6]
    assert [watch.id for watch in watches.page(3, ids[5])] == ids[6:]
    assert watches.page(3, ids[6]) == []
    assert [watch.id for watch in watches.all()] == ids


def test_ids_are_hexadecimal_and_steady() -> None:
    """They are in the clientState of standing subscriptions: the rule can never change."""
    assert watch_id_of("Room1@Contoso.com") == watch_id_of("room1@contoso.com") == "e78ccf15e3ec5319b2a0ea0981016b1a"


class SlowToFind(FakeTable):
    """Answers like a table that looks for a while: an empty page, and where to go on."""

    def query_entities(self, rule: str, **options: Any) -> Rows:
        """Return what is found, the first page empty."""
        found = super().query_entities(rule, **options)
        pages = iter([[], list(found)])
        found.by_page = lambda: pages  # type: ignore[method-assign]
        return found


def test_an_empty_page_is_not_the_end() -> None:
    """Else all watches could seem to be gone, and all subscriptions to be orphans ("Query timeout and pagination")."""
    table = SlowToFind()
    watches = Watches(lambda: table)  # type: ignore[arg-type, return-value]
    ids = sorted(stored(watches, f"room{number}@contoso.com").id for number in range(3))
    assert [watch.id for watch in watches.page(2)] == ids[:2]
    assert [watch.id for watch in watches.all()] == ids
