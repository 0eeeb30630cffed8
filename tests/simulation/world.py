"""The real code of the relay between a Graph and a partner in memory.

The clock stands still until it is moved. Messages on the queues are processed when they are due.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.bootstrap.app import App
from shared.delivery.intake import take_in
from shared.errors import ServiceUnavailable
from shared.graph import client_state
from shared.graph.client_state import Key
from shared.graph.client_state_keys import ClientStateKeys
from shared.http.resolver import Resolver
from shared.messages import read_changes, read_jobs
from shared.partner.webhook import Webhook
from shared.policy.allow_list import AllowList
from shared.queues import ChangeQueue, JobQueue
from shared.storage.parked import ParkedChanges
from shared.storage.room_lists import RoomListReadings
from shared.threads import MailboxLimits, MailboxWorkers
from tests.simulation.calendar import Calendars
from tests.simulation.deletion_rule import DeletionRule
from tests.simulation.queues import TimedQueue
from tests.simulation.subscriptions import Held, Subscriptions
from tests.support.table import FakeTable

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = {
    "TENANT_ID": "tenant", "CLIENT_ID": "client", "KEY_VAULT_URI": "https://vault.vault.azure.net",
    "PARTNER_WEBHOOK_URL": "https://partner.example/webhook", "PUBLIC_BASE_URL": "https://relay.example",
    "ALLOWED_MAILBOXES": "@contoso.com", "SETTLE_SECONDS": "10", "ALLOWED_NOTIFICATION_HOSTS": "partner.example",
}  # fmt: skip


class Partner(Webhook):
    """The partner's state: the events of each mailbox, by the deliveries."""

    def __init__(self) -> None:
        self.knows: dict[str, dict[str, dict[str, Any]]] = {}
        self.deliveries = 0

    def deliver(self, message_id: str, body: str) -> int:
        """Accept a delivery."""
        content = json.loads(body)
        mailbox, event = content["data"]["mailbox"], content["data"]["event"]
        events = self.knows.setdefault(mailbox, {})
        self.deliveries += 1
        if content["type"].endswith("deleted"):
            events.pop(event["id"], None)
        else:
            events[event["id"]] = event
        return 204

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

    def further(self) -> list[str]:
        """Return no further version."""
        return []

    def older(self, version: str) -> Key | None:
        """Return no further key."""
        return None


class World(App):
    """The relay's composition root with fakes for parts. `settings` are app settings beside the usual ones."""

    def __init__(self, **settings: str) -> None:
        self.time = START
        self.given = SETTINGS | settings
        self.keys = [Key("v1", b"the first secret of the relay", START - timedelta(days=1))]
        self.rows, self.ledger_rows, self.parked_rows, self.attempt_rows, self.slot_rows = (
            FakeTable() for _ in range(5)
        )
        self.pair_rows = FakeTable()
        self.tables = (self.rows, self.ledger_rows, self.parked_rows, self.attempt_rows, self.slot_rows)
        self.change_texts, self.job_texts, self.work_texts = (TimedQueue(self.now) for _ in range(3))
        self.queues = (self.change_texts, self.job_texts, self.work_texts)
        self.threads: Executor = ThreadPoolExecutor(4)
        self.skew: timedelta | None = timedelta()  # Graph has answered, and the clocks agree
        self._outside: dict[str, Any] = {
            "subscriptions": Subscriptions(self.now), "events": Calendars(self.now), "webhook": Partner(),
            "changes": ChangeQueue(self.change_texts), "jobs": JobQueue(self.job_texts),
            "work": JobQueue(self.work_texts),
            "resolver": Resolver(lookup=lambda _, port, **__: [(2, 1, 6, "", ("20.50.2.1", port))]),
            "client_state_keys": FakeKeys(lambda: self.keys),
        }  # fmt: skip
        self.start()
        self.subscriptions.handshakes = self._shake

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
            watches_table=self.rows, ledger_table=self.ledger_rows, attempts_table=self.attempt_rows,
            parked=ParkedChanges(lambda: self.parked_rows), slots_table=lambda: self.slot_rows,
            pairs_table=self.pair_rows,
            workers=MailboxWorkers(self.threads, MailboxLimits()),
            allow_list=AllowList(
                lambda: self.given["ALLOWED_MAILBOXES"], lambda _: (), self.now, RoomListReadings(lambda: self.rows)
            ),
        )  # fmt: skip

    def _shake(self, url: str) -> None:
        """Record Graph's validation of a URL of this relay, as its functions do."""
        if url.startswith(self.settings.public_base_url):
            self.handshakes.saw(url)

    def clock_skew(self) -> timedelta | None:
        """Return by how much Graph's clock is ahead."""
        return self.skew

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

    def deletion_rule(self, may_end: Container[str] | Callable[[str], bool] = ()) -> DeletionRule:
        """Install the rule of each DELETE, and return it. `may_end`: mailboxes that somebody asked to end."""

        def urls() -> tuple[str, str]:
            base = self.settings.public_base_url
            return f"{base}/api/notifications", f"{base}/api/lifecycle"

        def verifies(state: str) -> bool:
            newest = client_state.signing_key(self.keys, self.time)  # an older one is about to be retired
            return client_state.verified(state, [newest]) is not None

        rule = DeletionRule(self.subscriptions, urls, verifies, self.now, may_end)
        self.subscriptions.deletion = rule
        return rule

    def _post(self, held: Held, item: dict[str, Any]) -> None:
        if held.subscription.id in self.subscriptions.silent:
            return
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

    def process(self) -> None:
        """Process the messages that are due. A message whose processing fails stays, as on the host."""
        parts = (self.job_texts, self._repair), (self.work_texts, self._maintain), (self.change_texts, self._deliver)
        for queue, run in parts:
            while (text := queue.next_due()) is not None:
                try:
                    run(text)
                except ServiceUnavailable:
                    return
                queue.done()

    def _repair(self, text: str) -> None:
        self.job_runner.run_jobs(read_jobs(text))
        self.overdue_run.ensure()

    def _maintain(self, text: str) -> None:
        self.job_runner.run_jobs(read_jobs(text), self.work)
        self.overdue_run.ensure()

    def _deliver(self, text: str) -> None:
        self.delivery.deliver(read_changes(text))
        self.overdue_run.ensure()
