"""Read which bookings have changed, and queue them as hints. The link of the next walk is stored last."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.flow.looking import Setting
from shared.dataverse.flow.resource_list import ResourceList
from shared.dataverse.flow.restored import RestoredEnvironment, version_of
from shared.dataverse.operation.sweep import NameSweep
from shared.dynamics.booking_rows import KEY, BookingRows, ChangedRows, is_expired, is_untracked
from shared.dynamics.errors import DynamicsRejected
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources
from shared.storage.pairs.tracking import TrackingRow
from shared.utc import parse_utc

MOST_PAGES = 40  # of one run: the next run goes on where this one ended
OVERLAP = timedelta(minutes=5)
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class Follow:
    """One run of the timer. Raises RelayError; the next run begins where the last one that succeeded ended."""

    tracking: TrackingRow
    setting: Callable[[], Setting | None]
    resource_list: ResourceList
    rows: BookingRows
    pairs: Pairs
    queue: HintQueue
    restored: RestoredEnvironment
    sweep: NameSweep
    now: Callable[[], datetime]

    def run(self) -> None:
        """Queue what has changed.

        A no-op while there is no setting (before `start`, while the feature is held or the relay is stopped), and in
        another organization.
        """
        setting = self.setting()
        if setting is None or setting.present != setting.organization:
            return
        for resource_id in self.resource_list.refresh():
            self.queue.send(Hints(hinted_at=self.now(), resource=resource_id))
        self.sweep.run(setting.rules.titles)
        wanted = _Wanted(self.resource_list.resources, self.pairs, setting, self.now())
        try:
            self._walk(wanted)
        except DynamicsRejected as error:
            if is_untracked(error):
                self._by_time(wanted)
            elif is_expired(error):
                _logger.warning("The token of change tracking is void: all bookings are read")
                self.tracking.change(
                    lambda _: {"delta_link": "", "next_link": "", "walk_began": None, "walk_version": ""}
                )
                self._walk(wanted)
            else:
                raise

    def _walk(self, wanted: _Wanted) -> None:
        """Follow the links of a walk. Without a token nobody says what was deleted: every pair is a hint then."""
        row = self.tracking.read()
        is_first, link = not row.delta_link, row.next_link or row.delta_link
        began = row.walk_began if row.next_link and row.walk_began else self.now()
        highest = version_of(row.walk_version) if row.next_link else 0
        for _ in range(MOST_PAGES):
            read_at = self.now()
            page = self.rows.changed(link)
            highest = max([highest, *(version_of(each.get("versionnumber")) for each in page.rows)])
            if page.delta_link:
                is_restored = self.restored.is_noticed(row, highest, is_first=is_first)
                self._queue(page, wanted, read_at)
                if is_first or is_restored:
                    self.queue.send(Hints(hinted_at=read_at, bookings=tuple(wanted.paired_ids)))
                self._store(page, began, highest if is_restored else max(highest, version_of(row.highest_version)))
                return
            self._queue(page, wanted, read_at)
            link = page.next_link
            changes = {"next_link": link, "walk_began": began, "walk_version": str(highest)}
            self.tracking.change(lambda _, changes=changes: changes)  # type: ignore[misc]

    def _store(self, page: ChangedRows, began: datetime, highest: int) -> None:
        self.tracking.change(
            lambda _: {
                "delta_link": page.delta_link, "delta_at": began, "next_link": "", "walk_began": None,
                "highest_version": str(highest), "walk_version": "",
            }
        )  # fmt: skip

    def _by_time(self, wanted: _Wanted) -> None:
        """Read by modifiedon, with an overlap: deletions wait for the nightly comparison."""
        began = self.now()
        since = self.tracking.read().modified_since or began - wanted.setting.rules.past
        found = ChangedRows(tuple(self.rows.modified(since - OVERLAP)), ())
        self._queue(found, wanted, began)
        self.tracking.change(lambda _: {"modified_since": began})

    def _queue(self, page: ChangedRows, wanted: _Wanted, read_at: datetime) -> None:
        changed = [str(row[KEY]) for row in page.rows if wanted.is_relevant(row)]
        deleted = [each for each in page.deleted if wanted.has_pair(each)]
        self.queue.send(Hints(hinted_at=read_at, bookings=(*changed, *deleted)))


@dataclass
class _Wanted:
    """Which rows are worth a look: of a followed resource in the window, or of a pair. No call for any other."""

    resources: Resources
    pairs: Pairs
    setting: Setting
    now: datetime

    def is_relevant(self, row: dict[str, Any]) -> bool:
        """Return whether a row is. One that cannot be judged is."""
        if str(row.get("_resource_value")).replace("-", "").lower() in self._followed and self._is_in_window(row):
            return True
        return self.has_pair(str(row.get(KEY)))

    def has_pair(self, booking_id: str) -> bool:
        """Return whether a booking has a pair."""
        try:
            return key_of(booking_id) in self._paired
        except ValueError:
            return False

    @property
    def paired_ids(self) -> Iterable[str]:
        """The ids of the bookings of pairs that have not ended."""
        return [pair.booking_id for pair in self._paired.values() if pair.state != "ended"]

    @cached_property
    def _followed(self) -> frozenset[str]:
        return frozenset(row.id for row in self.resources.all() if row.mailbox)

    @cached_property
    def _paired(self) -> dict[str, Pair]:
        return {pair.id: pair for pair in self.pairs.all()}

    def _is_in_window(self, row: dict[str, Any]) -> bool:
        try:
            start, end = parse_utc(row["starttime"]), parse_utc(row["endtime"])
        except (KeyError, TypeError, ValueError):
            return True
        return end > self.now - self.setting.rules.past and start < self.now + self.setting.rules.future
