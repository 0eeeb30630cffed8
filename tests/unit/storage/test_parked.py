"""The table of parked changes, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

from shared.storage.parked import DEAD, WAITING, Parked, ParkedChanges
from shared.storage.partner_endpoint import Endpoints
from shared.storage.replays import Replay, Replays
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server


@pytest.fixture
def parked(table: Callable[[], TableClient]) -> ParkedChanges:
    """Return the parked changes in an empty table."""
    return ParkedChanges(table)


def change(number: int, clock: Clock, **more: Any) -> Parked:
    """Return a change of an event."""
    given: dict[str, Any] = {
        "watch_id": "w" * 32,
        "user_id": "u",
        "event_id": f"AAMk/{number}+=",
        "at": clock(),
        "reason": "failing",
    }
    return Parked(**{**given, **more})


def test_a_parked_change_is_read_as_it_was_stored(parked: ParkedChanges, clock: Clock) -> None:
    """Every field is read; the other kind is not."""
    one = change(1, clock, deleted=True, force=True, status=500, attempts=21, reason="gave-up")
    parked.put(DEAD, [one])
    (found,) = parked.page(DEAD, 10)
    assert replace(found, etag="") == one
    assert parked.get(DEAD, one.id) == found
    assert (parked.page(WAITING, 10), parked.get(WAITING, one.id)) == ([], None)


def test_an_event_has_a_single_row(parked: ParkedChanges, clock: Clock) -> None:
    """It has the newest change; the flags `force` and `deleted` stay set until the row is dropped."""
    parked.put(WAITING, [change(1, clock, force=True), change(1, clock, deleted=True)])
    parked.put(WAITING, [change(1, clock, reason="paused")])
    (found,) = parked.page(WAITING, 10)
    assert (found.reason, found.deleted, found.force) == ("paused", True, True)
    parked.put(WAITING, [change(2, clock)])
    for more in ({"force": True}, {}, {"deleted": True}, {}):
        parked.put(WAITING, [change(2, clock, **more)])
    assert sorted((one.event_id, one.deleted, one.force) for one in parked.page(WAITING, 10)) == [
        ("AAMk/1+=", True, True), ("AAMk/2+=", True, True)
    ]  # fmt: skip


def test_many_are_paged_in_the_order_of_their_ids(parked: ParkedChanges, clock: Clock) -> None:
    """Two hundred and fifty changes, each once."""
    parked.put(DEAD, [change(number, clock) for number in range(250)])
    seen: list[str] = []
    while page := parked.page(DEAD, 100, seen[-1] if seen else ""):
        seen += [one.id for one in page]
    assert (len(seen), seen) == (250, sorted(set(seen)))
    assert (parked.count(DEAD), parked.count(DEAD, limit=7), parked.count(WAITING)) == (250, 7, 0)


def test_pages_can_be_filtered_by_time_or_reason(parked: ParkedChanges, clock: Clock) -> None:
    """The start is included, the end is not, to the microsecond."""
    start = clock()
    parked.put(DEAD, [change(n, clock, at=start + timedelta(microseconds=n), reason="ab"[n % 2]) for n in range(4)])
    since, before = start + timedelta(microseconds=1), start + timedelta(microseconds=3)
    assert {one.event_id for one in parked.page(DEAD, 10, since=since, before=before)} == {"AAMk/1+=", "AAMk/2+="}
    assert {one.event_id for one in parked.page(DEAD, 10, since=since, reason="b")} == {"AAMk/1+=", "AAMk/3+="}


def test_rows_are_dropped_as_they_were_read(parked: ParkedChanges, clock: Clock) -> None:
    """A row parked again meanwhile stays, and a deleted one is ignored; the others are dropped."""
    parked.put(WAITING, [change(number, clock) for number in range(120)])
    read = parked.page(WAITING, 200)
    parked.put(WAITING, [read[5]])
    parked.forget(WAITING, read[7].id)
    parked.forget(WAITING, read[7].id)
    assert parked.drop(WAITING, read) == 118
    assert [one.id for one in parked.page(WAITING, 10)] == [read[5].id]
    assert parked.drop(WAITING, []) == 0


def test_the_endpoint_is_flowing_by_default(table: Callable[[], TableClient], clock: Clock) -> None:
    """Of two concurrent changes one succeeds."""
    endpoints = Endpoints(table)
    first = endpoints.read()
    assert (first.state, first.etag) == ("flowing", "")
    assert endpoints.change(first, state="paused", since=clock(), reason="x") is not None
    assert endpoints.change(first, state="failing") is None
    second = endpoints.read()
    assert endpoints.change(second, state="flowing", probe_at=clock()) is not None
    assert endpoints.change(second, state="failing") is None
    assert (endpoints.read().state, endpoints.read().probe_at) == ("flowing", clock())


def test_a_replay_stores_its_progress(table: Callable[[], TableClient], clock: Clock) -> None:
    """Selection, count, position and end."""
    replays = Replays(table)
    replay = replays.insert(Replay("a" * 32, clock(), '{"all":true}'))
    assert replay is not None
    replays.change(replay, queued=7, after="b" * 32, done=clock())
    after = replays.get(replay.id)
    assert after is not None
    assert (after.selection, after.queued, after.after, after.done) == ('{"all":true}', 7, "b" * 32, clock())
