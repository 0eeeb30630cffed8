"""Claims about a series whose dates Graph lists late: its bookings follow all the same, and none is canceled."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.graph.marked_events.events import MarkedEvents
from tests.support.dataverse_world import OLA
from tests.support.event_edits import add_event, booking_ids, delete_event, event_times, hint, live_times, move_event
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = pytest.mark.server


class LateDates(MarkedEvents):
    """Events of a world whose list of a series' dates stays as it was until a moment."""

    def __init__(self, world: PairsWorld) -> None:
        super().__init__(world.graph, world.mailbox_holds, world.now)
        self.until = self._now()
        self._shown: list[dict[str, Any]] = []

    def dates(self, mailbox: str, series_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the dates, or those that the list showed before."""
        if self._now() >= self.until:
            self._shown = list(super().dates(mailbox, series_id, start, end))
        return iter(self._shown)


@pytest.mark.parametrize("is_notified", ["series", "dates"])
def test_dates_that_are_listed_late_are_followed_and_cancel_nothing(certificates: Path, is_notified: str) -> None:
    """Their former ids are gone at once: that is proof only once the series was not changed for a while."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both"}) as world:
        late = world.marked_events = LateDates(world)
        world.begin_to_follow()
        master = add_event(world, rrule="FREQ=WEEKLY;COUNT=4")
        hint(world, master)
        before, old = set(booking_ids(world)), [each["id"] for each in world.calendar()]
        move_event(world, master, 26)
        late.until = world.now() + timedelta(seconds=120)
        world.forget_calls()
        hint(world, *([master] if is_notified == "series" else old))
        assert live_times(world) == event_times(world) != []
        assert (set(booking_ids(world)), len(before)) == (before, 4)
        assert len(world.to_dynamics.writes) == 4, "each was moved, and none was canceled meanwhile"


def test_a_series_that_another_worker_reads_changes_nothing_here(world: PairsWorld) -> None:
    """Workers settle messages side by side, and share what reads series."""
    master, deleted = add_event(world, rrule="FREQ=WEEKLY;COUNT=4"), add_event(world)
    delete_event(world, deleted)
    setting = world.pair_settling.setting()
    assert setting is not None
    series = world.series_dates
    assert len(series.read(OLA, master, [], setting.rules)) == 4
    with ThreadPoolExecutor(1) as other:
        assert other.submit(series.read, OLA, deleted, [], setting.rules).result(180) == ()
        assert not other.submit(series.was_just_changed).result(180)
    assert series.was_just_changed()
