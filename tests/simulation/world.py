"""The real code of the relay between a Graph and a partner in memory.

The clock stands still until it is moved. Messages on the queues are processed when they are due.
"""

from __future__ import annotations

import heapq
import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.bootstrap.app import App
from shared.delivery.intake import take_in
from shared.errors import ServiceUnavailable
from shared.graph.client_state import Key
from shared.graph.client_state_keys import ClientStateKeys
from shared.http.resolver import Resolver
from shared.messages import read_changes, read_jobs
from shared.partner.webhook import Webhook
from shared.policy.allow_list import AllowList
from shared.queues import ChangeQueue, JobQueue
from shared.storage.heartbeat import Heartbeat
from shared.storage.ledger import Ledger
from shared.storage.parked import ParkedChanges
from shared.storage.partner_endpoint import Endpoints
from shared.storage.replays import Replays
from shared.storage.room_lists import RoomLists
from shared.storage.watches import Watches
from shared.threads import MailboxLimits, MailboxWorkers
from tests.simulation.calendar import Calendars
from tests.simulation.subscriptions import Held, Subscriptions
from tests.support.table import FakeTable

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = {
    "TENANT_ID": "tenant", "CLIENT_ID": "client", "KEY_VAULT_URI": "https://vault.vault.azure.net",
    "PARTNER_WEBHOOK_URL": "https://partner.example/webhook", "PUBLIC_BASE_URL": "https://relay.example",
    "ALLOWED_MAILBOXES": "@contoso.com", "SETTLE_SECONDS": "10",
}  # fmt: skip


class TimedQueue:
    """A queue whose messages become visible when they are due. `before` runs at every put."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.waiting: list[tuple[datetime, int, str]] = []
        self.before: Callable[[], None] = lambda: None
        self.drops_messages = False
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def put(self, text: str, delay: float = 0) -> None:
        """Put a message."""
        self.before()
        if self.drops_messages:
            return
        with self._lock:
            heapq.heappush(self.waiting, (self._now() + timedelta(seconds=delay), next(self._numbers), text))

    def next_due(self) -> str | None:
        """Return a message that is due, without removing it."""
        return self.waiting[0][2] if self.waiting and self.waiting[0][0] <= self._now() else None

    def done(self) -> None:
        """Remove the first message."""
        with self._lock:
            heapq.heappop(self.waiting)

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.waiting)

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the texts of the messages that are due, and since when."""
        return [(text, at) for at, _, text in sorted(self.waiting)[:most] if at <= self._now()]


class Partner(Webhook):
    """The partner's state: the events of each mailbox, by the deliveries."""

    def __init__(self) -> None:
        self.knows: dict[str, dict[str, dict[str, Any]]] = {}
        self.deliveries = 0

    def deliver(self, message_id: str, body: str) -> None:
        """Accept a delivery."""
        content = json.loads(body)
        mailbox, event = content["data"]["mailbox"], content["data"]["event"]
        events = self.knows.setdefault(mailbox, {})
        self.deliveries += 1
        if content["type"].endswith("deleted"):
            events.pop(event["id"], None)
        else:
            events[event["id"]] = event

    def name(self) -> str:
        """Return the name of the signing secret."""
        return "partner-signing-secret"


class FakeKeys(ClientStateKeys):
    """The keys that a function returns, without a vault."""

    def __init__(self, keys: Callable[[], list[Key]]) -> None:
        self._keys = keys

    def __call__(self) -> list[Key]:
        """Return the keys."""
        return self._keys()


class World(App):
    """The relay's composition root with fakes for parts. `settings` are app settings beside the usual ones."""

    def __init__(self, **settings: str) -> None:
        self.time = START
        self.given = SETTINGS | settings
        self.keys = [Key("v1", b"the first secret of the relay", START - timedelta(days=1))]
        self.rows, self.ledger_rows, self.parked_rows = FakeTable(), FakeTable(), FakeTable()
        self.change_texts, self.job_texts = TimedQueue(self.now), TimedQueue(self.now)
        self.threads = ThreadPoolExecutor(4)
        self._outside: dict[str, Any] = {
            "subscriptions": Subscriptions(self.now), "events": Calendars(self.now), "webhook": Partner(),
            "changes": ChangeQueue(self.change_texts), "jobs": JobQueue(self.job_texts),
            "resolver": Resolver(lookup=lambda _, port, **__: [(2, 1, 6, "", ("20.50.2.1", port))]),
            "client_state_keys": FakeKeys(lambda: self.keys),
        }  # fmt: skip
        self.start()

    if TYPE_CHECKING:  # the parts that are fakes here
        subscriptions: Subscriptions
        events: Calendars
        webhook: Partner

    def start(self) -> None:
        """Start the relay's process, the first time or again: only stored state survives."""
        for name in [name for name in self.__dict__ if isinstance(getattr(App, name, None), cached_property)]:
            del self.__dict__[name]
        super().__init__(
            self.given, **self._outside,
            watches=Watches(lambda: self.rows), room_lists=RoomLists(lambda: self.rows),
            heartbeat=Heartbeat(lambda: self.rows), endpoints=Endpoints(lambda: self.rows),
            replays=Replays(lambda: self.rows), ledger=Ledger(lambda: self.ledger_rows, self.now),
            parked=ParkedChanges(lambda: self.parked_rows),
            workers=MailboxWorkers(self.threads, MailboxLimits()),
            allow_list=AllowList(lambda: self.given["ALLOWED_MAILBOXES"], lambda _: (), self.now),
        )  # fmt: skip

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock forward."""
        self.time += timedelta(seconds=seconds)

    def rotate(self) -> None:
        """Add a new version of the clientState's key; the version before the last retires."""
        number = int(self.keys[0].version[1:]) + 1
        self.keys = [Key(f"v{number}", f"the secret number {number} of the relay".encode(), self.time), self.keys[0]]

    def hint(self, held: Held, event_id: str, change: str = "updated") -> None:
        """Post a change notification as Graph does. Raises ServiceUnavailable when the relay cannot store it."""
        resource = f"Users/6f0c/Events/{event_id}"
        self._post(held, {"changeType": change, "resource": resource, "resourceData": {"id": event_id}})

    def lifecycle(self, held: Held, lifecycle_event: str) -> None:
        """Post a lifecycle notification as Graph does."""
        self._post(held, {"lifecycleEvent": lifecycle_event, "resource": held.subscription.resource})

    def _post(self, held: Held, item: dict[str, Any]) -> None:
        notification = {
            "subscriptionId": held.subscription.id,
            "clientState": held.client_state,
            "tenantId": "tenant",
            **item,
        }
        intake = take_in(json.dumps({"value": [notification]}).encode(), self.keys, "tenant", self.time)
        for text in intake.changes:
            self.change_texts.put(text)
        for text in intake.jobs:
            self.job_texts.put(text)

    def work(self) -> None:
        """Process the messages that are due. A message whose processing fails stays, as on the host."""
        for queue, run in ((self.job_texts, self._repair), (self.change_texts, self._deliver)):
            while (text := queue.next_due()) is not None:
                try:
                    run(text)
                except ServiceUnavailable:
                    return
                queue.done()

    def _repair(self, text: str) -> None:
        self.job_runner.run_jobs(read_jobs(text))

    def _deliver(self, text: str) -> None:
        self.delivery.deliver(read_changes(text))
