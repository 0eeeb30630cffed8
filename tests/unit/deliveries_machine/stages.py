"""A site with one watch and one event, without processes, for the rules of attempts."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from shared.errors import RelayError
from shared.storage.watches import watch_id_of
from shared.utc import format_utc
from tests.deliveries.calendar import HOUR, Item
from tests.deliveries.journal import Journal
from tests.deliveries.partner import Attempt
from tests.deliveries.site import DeliverySite
from tests.schedules.process import PRESENT
from tests.schedules.scheduler import Scheduler
from tests.schedules.strategies import Random

MAILBOX = "room0@contoso.com"
WATCH = {"PartitionKey": "watch", "RowKey": watch_id_of(MAILBOX)}


class Stage:
    """A journal over a site in which nothing happens but what a test does."""

    def __init__(self, *, is_calm: bool = True) -> None:
        self.scheduler = Scheduler(Random(1))
        self.site = DeliverySite(self.scheduler, 0.0)
        self.site.processes = {}
        self.journal = Journal(self.site, is_calm=is_calm)
        self.item = Item("E1", MAILBOX, "Ola Nordmann 1", self.site.now() + HOUR)
        self.site.events.items["E1"] = self.item

    def read(self) -> None:
        """Read the event, as a worker does."""
        self.scheduler.clock.pass_by(1.0)
        self.site.events.read("E1", f'W/"{self.item.version}"')

    def attempt(self, webhook_id: str, kind: str = "updated", *, is_lost: bool = False, back: float = 0.0) -> Attempt:
        """Deliver the event as it is. `back`: how many seconds the timestamp is too early."""
        self.scheduler.clock.pass_by(1.0)
        expected = self.site.events.expected(MAILBOX)
        event = {"id": "E1", "seriesId": None} if kind == "deleted" else expected["E1"]
        body = {
            "type": f"calendar.event.{kind}", "timestamp": format_utc(self.site.now() - HOUR * back / 3600),
            "data": {"subscriptionId": "w", "mailbox": MAILBOX, "event": event},
        }  # fmt: skip
        attempt, payload = self.site.receiver.begin(webhook_id, json.dumps(body))
        try:
            self.site.receiver.take(attempt, payload)
            attempt.is_certain = not is_lost
        except RelayError:
            attempt.is_certain = True
        return attempt

    def acting(self, worker: str, version: str = PRESENT) -> Stage:
        """Let another worker act from now on."""
        self.site.acting = SimpleNamespace(name=worker, version=version)
        return self

    def watch(self) -> None:
        """Store the row of the watch, as a worker does that sets the mailbox up."""
        self.site.tables["watches"].upsert_entity(WATCH | {"mailbox": MAILBOX})

    def remove(self) -> None:
        """Remove the watch."""
        self.site.tables["watches"].delete_entity(WATCH)

    def read_watch(self) -> None:
        """Read the row of the watch, as a worker does before it delivers."""
        self.site.tables["watches"].get_entity("watch", WATCH["RowKey"])

    def row(self, **columns: Any) -> None:
        """Write the ledger row of the event."""
        key = {"PartitionKey": watch_id_of(MAILBOX), "RowKey": "r", "event_id": "E1"}
        self.site.tables["ledger"].upsert_entity(key | columns)

    @property
    def broken(self) -> list[str]:
        """The letters of the rules that did not hold."""
        return [each[1] for each in self.journal.broken]
