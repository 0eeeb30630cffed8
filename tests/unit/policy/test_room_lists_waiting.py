"""Who waits for a room list: one thread reads a list, and nobody waits for another list."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from shared.errors import GraphUnavailable, RelayError
from shared.policy.allow_list import AllowList
from shared.policy.room_lists import AT_ONCE, FAILED_FOR, KEEP, RoomListReader
from shared.storage.room_lists import RoomListReadings
from tests.support.table import FakeTable
from tests.support.world import START

HANGING, OTHER = "hanging@contoso.com", "other@contoso.com"
PATIENCE = 30.0  # far longer than a test takes


class SlowGraph:
    """Room lists of one room. A reading of one that hangs waits for `answer`, then fails if `failure` is set."""

    def __init__(self) -> None:
        self.hanging = {HANGING}
        self.reached, self.answer = threading.Semaphore(0), threading.Event()
        self.failure: RelayError | None = None
        self.reads: list[str] = []
        self.time = START

    def __call__(self, address: str) -> list[str]:
        """Return the rooms."""
        self.reads.append(address)
        if address in self.hanging:
            self.reached.release()
            assert self.answer.wait(PATIENCE)
            if self.failure:
                raise self.failure
        return [f"room-of-{address}"]

    def now(self) -> datetime:
        """Return the time."""
        return self.time


@pytest.fixture
def graph() -> Iterator[SlowGraph]:
    """Return a Graph that answers at the end, whatever a test did."""
    graph = SlowGraph()
    yield graph
    graph.answer.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Return threads of callers."""
    with ThreadPoolExecutor(16) as threads:
        yield threads


def reader_of(graph: SlowGraph, first_wait_seconds: float = PATIENCE) -> RoomListReader:
    """Return a reader."""
    table = FakeTable()
    return RoomListReader(graph, RoomListReadings(lambda: table), graph.now, first_wait_seconds)


def test_a_list_that_hangs_delays_no_other(graph: SlowGraph, threads: ThreadPoolExecutor) -> None:
    """The other list is read while the first does not answer."""
    reader = reader_of(graph)
    waiting = threads.submit(reader.rooms, HANGING)
    assert graph.reached.acquire(timeout=PATIENCE)
    assert reader.rooms(OTHER).is_complete
    assert not waiting.done()
    graph.answer.set()
    assert waiting.result(PATIENCE).is_complete


def test_a_mailbox_that_a_list_at_hand_allows_needs_no_other_list(graph: SlowGraph) -> None:
    """It is allowed while the other list does not answer."""
    graph.answer.set()
    text = f"roomlist:{HANGING},roomlist:{OTHER}"
    allow_list = AllowList(lambda: text, graph, graph.now, RoomListReadings(FakeTable))
    allow_list.reader.rooms(OTHER)
    assert allow_list.allows(f"room-of-{OTHER}")
    assert graph.reads == [OTHER]


def test_several_lists_that_hang_are_read_at_the_same_time(graph: SlowGraph, threads: ThreadPoolExecutor) -> None:
    """The delay of a check is that of the slowest list, not the sum; the entry that allows the mailbox is found."""
    graph.hanging = {f"list{number}@contoso.com" for number in range(AT_ONCE)}
    text = ",".join(f"roomlist:{address}" for address in sorted(graph.hanging))
    allow_list = AllowList(lambda: text, graph, graph.now, RoomListReadings(FakeTable))
    checked = threads.submit(allow_list.allows, "room-of-list7@contoso.com")
    for _ in graph.hanging:
        assert graph.reached.acquire(timeout=PATIENCE)
    graph.answer.set()
    assert checked.result(PATIENCE) is True


def test_the_first_readers_share_a_reading(graph: SlowGraph, threads: ThreadPoolExecutor) -> None:
    """They wait for its answer, which may be a failure."""
    graph.failure = GraphUnavailable(503, "x")
    reader = reader_of(graph)
    waiting = [threads.submit(reader.rooms, HANGING) for _ in range(8)]
    assert graph.reached.acquire(timeout=PATIENCE)
    graph.answer.set()
    assert {type(each.exception(PATIENCE)) for each in waiting} == {GraphUnavailable}
    assert graph.reads == [HANGING]


def test_the_first_readers_do_not_wait_for_ever(graph: SlowGraph, threads: ThreadPoolExecutor) -> None:
    """A delivery goes back to the queue instead of waiting for a list with many pages."""
    reader = reader_of(graph, first_wait_seconds=0.01)
    waiting = threads.submit(reader.rooms, HANGING)
    assert graph.reached.acquire(timeout=PATIENCE)
    with pytest.raises(GraphUnavailable, match="RoomListSlow"):
        reader.rooms(HANGING)
    graph.answer.set()
    assert waiting.result(PATIENCE).is_complete


@pytest.mark.parametrize("failed", [False, True])
def test_readers_with_an_answer_never_wait(graph: SlowGraph, threads: ThreadPoolExecutor, failed: object) -> None:
    """Rooms or a failure: it is used while one thread reads the list again."""
    reader = reader_of(graph)
    graph.failure = GraphUnavailable(503, "x") if failed else None
    graph.answer.set()
    first = threads.submit(reader.rooms, HANGING).exception(PATIENCE)
    assert graph.reached.acquire(timeout=PATIENCE)
    graph.answer.clear()
    graph.time += max(KEEP, FAILED_FOR) + timedelta(seconds=1)
    again = threads.submit(reader.rooms, HANGING)
    assert graph.reached.acquire(timeout=PATIENCE)
    if failed:
        with pytest.raises(GraphUnavailable):
            reader.rooms(HANGING, timedelta(0))
        assert isinstance(first, GraphUnavailable)
    else:
        assert reader.rooms(HANGING, timedelta(0)).is_complete
    graph.answer.set()
    again.exception(PATIENCE)
    assert len(graph.reads) == 2
