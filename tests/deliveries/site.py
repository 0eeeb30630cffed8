"""What the processes share in a run of deliveries: storage, Graph and its calendars, the partner, what is due later."""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.storage.watches import watch_id_of
from tests.deliveries.calendar import EventCalendars
from tests.deliveries.partner import Attempt, JudgedPartner
from tests.schedules.process import BEFORE
from tests.schedules.scheduler import Scheduler
from tests.schedules.site import Site
from tests.support.table import Row

if TYPE_CHECKING:
    from tests.deliveries.process import DeliveryProcess

WINDOW = {"WINDOW_PAST_DAYS": "1", "WINDOW_FUTURE_DAYS": "30"}


class DeliverySite(Site):
    """A site whose calendars have series, and whose partner is judged. `lives`: how often each watch was removed."""

    def __init__(self, scheduler: Scheduler, settle_seconds: float) -> None:
        super().__init__(scheduler)
        self.given |= WINDOW | {"SETTLE_SECONDS": f"{settle_seconds:g}"}
        self.calendars = self.events = EventCalendars(self.now)
        self.partner = self.receiver = JudgedPartner(self.now, lambda: scheduler.clock.seconds)
        self.receiver.describe, self.receiver.life = self._describe, self.life
        self.events.read, self.events.answered = self._read, self._answered
        self.tables["watches"].read, self.tables["watches"].changed = self._watches_read, self._watch_changed
        self.lives: Counter[str] = Counter()
        self._lives_read: dict[tuple[str, str], int] = {}  # by worker and watch: the life that it last read
        self.born_now: set[str] = set()  # watches that the present version created since the beginning
        self.born_before: set[str] = set()  # watches that the version before created after a removal
        self.hinted: dict[tuple[str, str], tuple[datetime, int]] = {}  # the last notification taken in, and the life
        self.hints = 0
        self.puts: Counter[str] = Counter()  # by queue
        for name, queue in self.queues.items():
            queue.before = partial(self._count_put, name)
        self.notified: Callable[[str, str], None] = lambda *_: None
        self.removed_before: set[str] = set()  # watches that the version before removed
        self.read_before: dict[str, int] = {}  # the writes of each item when the version before last read it
        self.reads: dict[tuple[str, str], datetime] = {}  # by mailbox and event: the last GET
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}  # by worker and event
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def _count_put(self, name: str) -> None:
        self.puts[name] += 1

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something after some seconds, between the rounds or at the next act of one."""
        heapq.heappush(self._later, (self.scheduler.clock.seconds + seconds, next(self._numbers), do))

    def later_at(self, never: float) -> float:
        """Return when the next of these is due."""
        return self._later[0][0] if self._later else never

    def catch_up(self) -> None:
        """Do what is due."""
        while self._later and self._later[0][0] <= self.scheduler.clock.seconds:
            heapq.heappop(self._later)[2]()

    def actor(self) -> str:
        """Return the worker that acts now, or the process that has no other beside it."""
        worker = self.scheduler.here()
        return worker.name if worker is not None else self.acting.name if self.acting else ""

    def mailbox_of(self, watch_id: str) -> str:
        """Return the mailbox of a watch; "" for one that was removed."""
        row = self.tables["watches"].rows.get(("watch", watch_id))
        return str(row["mailbox"]) if row is not None else ""

    def life(self, mailbox: str) -> int:
        """Return which watch of a mailbox this is."""
        return self.lives[watch_id_of(mailbox)]

    def seen_life(self, watch_id: str) -> int:
        """Return which watch of a mailbox the present worker works for: the one that it last read.

        It may be removed meanwhile. The guide has the partner drop what is then still on its way.
        """
        return self._lives_read.get((self.actor(), watch_id), self.lives[watch_id])

    def notify(self, mailbox: str, event_id: str, kind: str, process: DeliveryProcess) -> None:
        """Post a notification of Graph to a process. It reads no storage, and its clock says when that was."""
        held = [each for each in self.graph.of(mailbox) if each.own]
        for each in held[:1]:
            resource = f"Users/{mailbox.partition('@')[0]}/Events/{event_id}"
            item = {
                "subscriptionId": each.subscription.id, "clientState": each.client_state, "tenantId": "tenant",
                "changeType": kind, "resource": resource, "resourceData": {"id": event_id},
            }  # fmt: skip
            self._post(item, process)
            self.hints += 1
            row = self.tables["watches"].rows.get(("watch", watch_id_of(mailbox)))
            if row is not None and row.get("state") == "live":
                self.notified(mailbox, event_id)
                self.hinted[mailbox, event_id] = self.now(), self.life(mailbox)

    def lifecycle(self, mailbox: str, kind: str, process: DeliveryProcess) -> None:
        """Post a lifecycle event of Graph to a process."""
        for each in [each for each in self.graph.of(mailbox) if each.own][:1]:
            item = {
                "subscriptionId": each.subscription.id, "clientState": each.client_state, "tenantId": "tenant",
                "lifecycleEvent": kind, "resource": each.subscription.resource,
            }  # fmt: skip
            self._post(item, process)

    def _post(self, item: dict[str, Any], process: DeliveryProcess) -> None:
        body = json.dumps({"value": [item]}).encode()
        intake = process.part("delivery.intake").take_in(body, self.keys, "tenant", *process.intake_moments())
        for text in intake.changes:
            self.queues["changes"].put(text)
        for text in intake.jobs:
            self.queues["jobs"].put(text)

    def _answered(self) -> None:
        process: DeliveryProcess | None = self.acting
        if process is not None:
            process.saw_date()

    def _read(self, event_id: str, etag: str) -> None:
        item = self.events.items.get(event_id.partition(".")[0])
        self._seen[self.actor(), event_id] = etag, self.now()
        if item is not None and self.acting_version() == BEFORE:
            self.read_before[item.id] = item.writes
        if item is not None:
            self.reads[item.mailbox, event_id] = self.now()

    def _describe(self, message_id: str, payload: dict[str, Any]) -> Attempt:
        data = payload["data"]
        etag, read_at = self._seen.get((self.actor(), data["event"]["id"]), (None, None))
        timestamp, life = datetime.fromisoformat(payload["timestamp"]), self.seen_life(watch_id_of(data["mailbox"]))
        worker, version = self.actor(), str(self.acting_version())
        return Attempt(message_id, payload["type"], data, timestamp, self.now(), worker, version, etag, read_at, life)

    def acting_version(self) -> str:
        """Return the version of the process of the present worker."""
        worker = self.scheduler.here()
        process = self.processes.get(worker.process) if worker is not None else self.acting
        return str(process.version) if process is not None else ""

    processes: dict[str, DeliveryProcess]

    def _watches_read(self, rows: Sequence[tuple[str, str, str]]) -> None:
        for partition, watch_id, etag in rows:
            if partition == "watch" and etag:
                self._lives_read[self.actor(), watch_id] = self.lives[watch_id]

    def _watch_changed(self, key: tuple[str, str], before: Row | None, after: Row | None) -> None:
        if key[0] != "watch":
            return
        if after is None and before is not None:
            self.lives[key[1]] += 1
            if self.acting_version() == BEFORE:
                self.removed_before.add(key[1])
            self.receiver.forget(str(before["mailbox"]))
            self.born_now.discard(key[1])
            self.born_before.discard(key[1])
        elif before is None:
            self._lives_read[self.actor(), key[1]] = self.lives[key[1]]
            (self.born_before if self.acting_version() == BEFORE else self.born_now).add(key[1])
