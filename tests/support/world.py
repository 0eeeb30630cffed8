"""The relay in memory, for tests of use cases: they set the clock and what Graph, partner and storage answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.bootstrap.app import App
from shared.config import Settings
from shared.graph.client_state import Key
from shared.graph.client_state_keys import ClientStateKeys
from shared.http.resolver import Resolver
from shared.key_vault import Secrets
from shared.messages import Change, ChangeMessage
from shared.partner.webhook import NotDelivered, Webhook, signed_headers
from shared.storage.ledger_entry import Entry
from shared.storage.parked import ParkedChanges
from shared.storage.watches import Watch, watch_id_of
from shared.threads import MailboxWorkers
from tests.support.fake_graph import FakeEvents, FakeRooms, FakeSubscriptions
from tests.support.fake_queues import FakeJobs, FakeQueue
from tests.support.fake_vault import Vault
from tests.support.table import FakeTable

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
MAILBOX = "room1@contoso.com"
WATCH_ID = watch_id_of(MAILBOX)
SETTINGS = {
    "TENANT_ID": "tenant", "CLIENT_ID": "client", "KEY_VAULT_URI": "https://vault.vault.azure.net",
    "PARTNER_WEBHOOK_URL": "https://partner.example/webhook", "PUBLIC_BASE_URL": "https://relay.example",
    "ALLOWED_MAILBOXES": "@contoso.com", "SETTLE_SECONDS": "10",
}  # fmt: skip
OLD = Key("v1", b"an old secret of the relay", START - timedelta(days=90))


def vault() -> Vault:
    """Return a vault with the secrets that the settings name."""
    return Vault(**{name: ["value"] for name in ("client-state-key", "partner-signing-secret", "graph-client-secret")})


def event(event_id: str = "E", etag: str = "1", **changes: Any) -> dict[str, Any]:
    """Return an event as Graph returns it. Each etag has a title of its own, so that the partner sees the change."""
    times = {"start": {"dateTime": "2026-11-20T12:00:00.0000000", "timeZone": "UTC"},
             "end": {"dateTime": "2026-11-20T13:00:00.0000000", "timeZone": "UTC"}}  # fmt: skip
    title = "Ola Nordmann" if etag == "1" else f"Ola Nordmann {etag}"
    return {"id": event_id, "@odata.etag": etag, "subject": title, "showAs": "busy", "type": "singleInstance",
            "sensitivity": "normal", **times, **changes}  # fmt: skip


class FakeWebhook(Webhook):
    """The partner: keeps the deliveries it takes, and refuses while `failure` is set.

    `on_delivery` runs at each attempt, with its number, and `on_arrival` with what arrived. `secret` and `address` are
    the settings.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.tried: list[str] = []
        self.failure: BaseException | None = None
        self.on_delivery: Callable[[int], None] = lambda _: None
        self.on_arrival: Callable[[str, str], None] = lambda *_: None
        self.secret = "whsec_" + "A" * 43 + "="
        self.address: Callable[[], str] = lambda: "https://partner.example/webhook"

    def url(self) -> str:
        """Return the address."""
        return self.address()

    def sign(self, message_id: str, moment: datetime, body: str) -> dict[str, str]:
        """Return the headers of a delivery."""
        return signed_headers("partner-signing-secret", self.secrets(), message_id, moment, body)

    def secrets(self) -> str:
        """Return the signing secret."""
        return self.secret

    def deliver(self, message_id: str, body: str) -> int:
        """Take a delivery or refuse it."""
        self.tried.append(message_id)
        self.on_delivery(len(self.tried))
        self.on_arrival(message_id, body)
        if self.failure:
            raise self.failure
        self.taken.append((message_id, json.loads(body)))
        return 204

    @property
    def news(self) -> list[tuple[str, str]]:
        """The deliveries taken: the last part of the type, and the event's id."""
        return [(body["type"].rpartition(".")[2], body["data"]["event"]["id"]) for _, body in self.taken]


class FakeNames:
    """DNS with the same answer for every host."""

    def __init__(self) -> None:
        self.answer = ["20.50.2.1"]
        self.failure: OSError | None = None
        self.lookups: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        """Answer as socket.getaddrinfo does."""
        self.lookups.append((host, port))
        if self.failure:
            raise self.failure
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in self.answer]


class FakeKeys(ClientStateKeys):
    """The keys that a function returns, without a vault."""

    def __init__(self, keys: Callable[[], list[Key]]) -> None:
        self._keys = keys
        self.enabled: dict[str, Key | Exception] = {}  # older versions

    def __call__(self) -> list[Key]:
        """Return the keys."""
        return self._keys()

    def cached(self) -> list[Key] | None:
        """Return the keys."""
        return self._keys()

    def further(self) -> list[str]:
        """Return the further versions."""
        return sorted(self.enabled)

    def older(self, version: str) -> Key | None:
        """Return a further key, or raise an error."""
        key = self.enabled.get(version)
        if isinstance(key, Exception):
            raise key
        return key


class World(App):
    """The relay's composition root with fakes for parts, and a clock that stands still until a test moves it.

    `parts` are further parts, for the world of a feature.
    """

    def __init__(self, parts: dict[str, Any] | None = None, /, **settings: str) -> None:
        self.time = START
        self.keys = [OLD]
        self.rows, self.ledger_rows, self.parked_rows = FakeTable(), FakeTable(), FakeTable()
        self.slot_rows, self.appointment_rows = FakeTable(), FakeTable()
        self.names = FakeNames()
        self.slept: list[float] = []
        self.skew: timedelta | None = timedelta()
        self.on_sleep: Callable[[float], None] = self.pass_by
        self.on_token: Callable[[], object] = lambda: None
        self.threads = ThreadPoolExecutor(16)
        fakes: dict[str, Any] = {
            "watches_table": self.rows, "ledger_table": self.ledger_rows, "attempts_table": FakeTable(),
            "slots_table": lambda: self.slot_rows, "appointments_table": lambda: self.appointment_rows,
            "parked": ParkedChanges(lambda: self.parked_rows), "changes": FakeQueue(), "jobs": FakeJobs(),
            "work": FakeJobs(),
            "events": FakeEvents(), "rooms": FakeRooms(), "subscriptions": FakeSubscriptions(),
            "webhook": FakeWebhook(), "secrets": Secrets(vault, lambda: 300.0),
            "client_state_keys": FakeKeys(lambda: self.keys),
            "resolver": Resolver(lookup=self.names), "workers": MailboxWorkers(self.threads, self.mailbox_limits),
        }  # fmt: skip
        super().__init__(SETTINGS | settings, **(fakes | (parts or {})))

    if TYPE_CHECKING:  # the parts that are fakes here
        changes: FakeQueue
        client_state_keys: FakeKeys
        jobs: FakeJobs
        work: FakeJobs
        events: FakeEvents
        rooms: FakeRooms
        subscriptions: FakeSubscriptions
        webhook: FakeWebhook

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def pass_by(self, seconds: float) -> None:
        """Move the clock forward."""
        self.time += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting."""
        self.slept.append(seconds)
        self.on_sleep(seconds)

    def clock_skew(self) -> timedelta | None:
        """Return how far Graph's clock is ahead."""
        return self.skew

    def get_token(self, **_: bool) -> str:
        """Return a token, after `on_token` has run."""
        self.on_token()
        return "token"

    def allow(self, allowed_mailboxes: str) -> None:
        """Change ALLOWED_MAILBOXES, as if the process had started with the new value."""
        self.settings = Settings.load(SETTINGS | {"ALLOWED_MAILBOXES": allowed_mailboxes})

    def end(self) -> None:
        """End the threads."""
        self.threads.shutdown()

    def watch(self, mailbox: str = MAILBOX, **changes: Any) -> Watch:
        """Store a live watch and return it."""
        fields: dict[str, Any] = {"delivery": "relay", "created": self.time, "state": "live", "since": self.time,
                                  "renewed": self.time - timedelta(hours=1), "subscription_id": "s-0",
                                  "expires": self.time + timedelta(days=6), "key_version": "v1"}  # fmt: skip
        stored = self.watches.insert(Watch(watch_id_of(mailbox), mailbox, **(fields | changes)))
        assert stored is not None
        return stored

    def entry(self, event_id: str = "E", watch_id: str = WATCH_ID) -> Entry:
        """Return the ledger's entry for an event."""
        return self.ledger.read(watch_id, [event_id])[0]

    def hint(self, *event_ids: str, deleted: bool = False, watch_id: str = WATCH_ID) -> ChangeMessage:
        """Return a message of changes that Graph notified now."""
        changes = (Change(watch_id, "user", event_id, deleted) for event_id in event_ids or ("E",))
        return ChangeMessage(self.time, tuple(changes))


REFUSED = NotDelivered(500, "status 500")
