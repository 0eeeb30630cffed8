"""A query of many mailboxes when Graph or storage answers late: the answer comes in time, with what is known."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from shared.storage.watches import Watches, watch_id_of
from shared.watches.partner_watches import PartnerWatches
from tests.support.busy_scene import HALLS, Scene, held, held_for
from tests.support.table import FakeTable, Row


def test_what_is_late_is_unknown(scene: Scene) -> None:
    """The answer comes in time, with what is known."""
    scene.finder = scene.with_seconds(2.0)
    go_on = threading.Event()
    scene.schedules.before = lambda mailboxes: None if HALLS[0] in mailboxes else held(go_on)
    try:
        found = scene.find(HALLS[:60])
    finally:
        go_on.set()
    assert list(found.busy) == list(HALLS[:20])
    assert [each.mailbox for each in found.unknown] == list(HALLS[20:60])
    assert {each.problem.code for each in found.unknown} == {"graph_unavailable"}
    assert len(scene.schedules.calls) == 3


def test_a_late_check_keeps_its_mailbox_out(scene: Scene) -> None:
    """Whether the mailbox is allowed is not known then."""
    scene.world.allow("@contoso.com")
    scene.finder = scene.with_seconds(0.2)
    go_on, slow = threading.Event(), HALLS[1]
    read = scene.world.events.owner

    def owner(mailbox: str) -> str:
        if mailbox == slow:
            held(go_on)
        return read(mailbox)

    vars(scene.world.events)["owner"] = owner
    try:
        found = scene.find(HALLS[:3])
    finally:
        go_on.set()
    assert slow not in found.busy
    assert slow not in str(scene.schedules.calls)


def test_a_slow_check_leaves_time_for_the_others(scene: Scene) -> None:
    """One of three mailboxes cannot be checked in time: it alone is unknown."""
    scene.world.allow("@contoso.com")
    scene.finder = scene.with_seconds(3.0)
    scene.schedules.before = lambda _: held_for(0.2)
    go_on, read = threading.Event(), scene.world.events.owner

    def owner(mailbox: str) -> str:
        if mailbox == HALLS[1]:
            held(go_on)
        return read(mailbox)

    vars(scene.world.events)["owner"] = owner
    try:
        found = scene.find(HALLS[:3])
    finally:
        go_on.set()
    assert (list(found.busy), [each.mailbox for each in found.unknown]) == ([HALLS[0], HALLS[2]], [HALLS[1]])


class HeldTable(FakeTable):
    """A table in which one row is read once `may_read` is set."""

    def __init__(self, row: str) -> None:
        super().__init__()
        self.may_read, self._row = threading.Event(), row

    def get_entity(self, partition_key: str, row_key: str, **options: Any) -> Row:
        """Return a row."""
        if row_key == self._row:
            held(self.may_read)
        return super().get_entity(partition_key, row_key, **options)


def test_slow_storage_is_in_the_time_of_the_query(scene: Scene) -> None:
    """The row of one watch is read late: it alone is unknown, and the answer comes in time."""
    table = HeldTable(watch_id_of(HALLS[1]))
    table.rows |= scene.world.rows.rows
    finder = scene.with_seconds(3.0)
    permitted = replace(finder.permitted, watches=PartnerWatches(Watches(lambda: table)))
    scene.finder, begun = replace(finder, permitted=permitted), time.monotonic()
    try:
        found = scene.find(HALLS[:3])
    finally:
        table.may_read.set()
    assert time.monotonic() - begun < 3.5
    assert (list(found.busy), [each.mailbox for each in found.unknown]) == ([HALLS[0], HALLS[2]], [HALLS[1]])
