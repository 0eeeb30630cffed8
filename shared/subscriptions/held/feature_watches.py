"""Hold watches for a feature. The next run of the timer creates their subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import problems
from shared.errors import RelayError, RequestRejected, ServiceUnavailable
from shared.messages import Job
from shared.policy.permission import Permission
from shared.queues import JobQueue
from shared.storage.ledger_entry import is_left_before
from shared.storage.watches import Watch, Watches, new_born, watch_id_of
from shared.subscriptions.endings import Endings
from shared.watches.sources import WatchSources

ATTEMPTS = 8  # to write to a row that other processes write to as well


@dataclass(frozen=True)
class FeatureWatches:
    """Implements shared.ports.watching.Watching for the feature `name`."""

    name: str
    permission: Permission
    watches: Watches
    sources: WatchSources
    endings: Endings
    jobs: JobQueue
    now: Callable[[], datetime]

    def hold(self, mailbox: str) -> Watch:
        """Have a mailbox watched, and return its watch, which may not be live yet. Idempotent."""
        address = mailbox.strip().lower()
        for _ in range(ATTEMPTS):
            existing = self.watches.get(watch_id_of(address))
            decision = self.permission.may(existing, address, "", self.name, "set-up")
            decision.require()
            owner = decision.owner.columns() if decision.owner is not None else {}
            held = self._added(address, owner) if existing is None else self._joined(existing)
            if held is not None:
                return held
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def release(self, mailbox: str) -> None:
        """Hold a mailbox no longer; remove its watch if nothing else wants it."""
        for _ in range(ATTEMPTS):
            watch = self.watches.get(watch_id_of(mailbox))
            if watch is None or self.name not in self.sources.held_by(watch):
                return
            if self.sources.held_by(watch) == {self.name}:
                self.endings.remove(watch.id, lambda row: self.sources.held_by(row) <= {self.name}, keeps_slots=True)
            elif self.sources.release(self.name, watch) is not None:
                return
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def held(self) -> list[Watch]:
        """Return the watches that the feature holds and that can be read."""
        rows = self.watches.select("features gt @none", {"none": ""})
        return [row for row in rows if isinstance(row, Watch) and self.name in row.features.split()]

    def _joined(self, existing: Watch) -> Watch | None:
        if existing.delivery == "direct":
            text = "Graph posts the changes of this mailbox to the partner. Delete its subscription first."
            raise RequestRejected(problems.DELIVERY_DIFFERS, text)
        return self.sources.hold(self.name, existing)

    def _added(self, address: str, owner: dict[str, Any]) -> Watch | None:
        now = self.now()
        sources: dict[str, Any] = {"by_partner": False, "features": self.name}
        new = Watch(
            watch_id_of(address), address, "relay", now, since=now, due_at=now, born=new_born(), **sources, **owner
        )
        stored = self.sources.add(new)
        if stored is not None:
            self.jobs.send(Job("", "reconcile"))
            with suppress(RelayError):  # entries of an earlier watch are those of another `born`, and are not read
                self.endings.rows.ledger.forget(new.id, is_left_before(new))
        return stored
