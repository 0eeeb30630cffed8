"""Everything that a use case works with, in memory: a world whose clock, Graph, partner and storage tests can turn."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.bootstrap.app import App
from shared.config import Settings
from shared.graph.client_state import Key
from shared.http.resolver import Resolver
from shared.messages import Change, ChangeMessage, Job, read_changes, read_jobs
from shared.partner.webhook import NotDelivered, signed_headers
from shared.queues import ChangeQueue, JobQueue
from shared.storage.heartbeat import Heartbeat
from shared.storage.ledger import Entry, Ledger
from shared.storage.parked import ParkedChanges
from shared.storage.partner_endpoint import Endpoints
from shared.storage.replays import Replays
from shared.storage.room_lists import RoomLists
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.threads import MailboxWorkers
from tests.support.fake_graph import FakeEvents, FakeRooms, FakeSubscriptions
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


def event(event_id: str = "E", etag: str = "1", **changes: Any) -> dict[str, Any]:
    """Return an event as Graph gives it."""
    times = {"start": {"dateTime": "2026-11-20T12:00:00.0000000", "timeZone": "UTC"},
             "end": {"dateTime": "2026-11-20T13:00:00.0000000", "timeZone": "UTC"}}  # fmt: skip
    return {"id": event_id, "@odata.etag": etag, "subject": "Ola Nordmann", "showAs": "busy", "type": "singleInstance",
            "sensitivity": "normal", **times, **changes}  # fmt: skip


class FakeQueue(ChangeQueue):
    """Keeps what is put, with its delay."""

    def __init__(self) -> None:
        super().__init__(self)
        self.puts: list[tuple[ChangeMessage, float]] = []
        self.lying: list[tuple[str, datetime]] = []
        self.failure: Exception | None = None

    def put(self, text: str, delay: float = 0) -> None:
        """Keep a message."""
        if self.failure:
            raise self.failure
        self.puts.append((read_changes(text), delay))

    def take(self) -> list[tuple[ChangeMessage, float]]:
        """Return what was put since the last time."""
        taken, self.puts = self.puts, []
        return taken

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.puts)

    def due(self, _most: int = 32) -> list[tuple[str, datetime]]:
        """Return what lies there, as storage holds it."""
        if self.failure:
            raise self.failure
        return self.lying


class FakeJobs(JobQueue):
    """Keeps repairs, with their delay."""

    def __init__(self) -> None:
        super().__init__(self)
        self.failure: Exception | None = None
        self.wanted: list[tuple[Job, float]] = []
        self.messages: list[list[Job]] = []

    def put(self, text: str, delay: float = 0) -> None:
        """Keep a message's repairs."""
        if self.failure:
            raise self.failure
        self.messages.append(read_jobs(text))
        self.wanted += [(one, delay) for one in self.messages[-1]]

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.messages)

    def due(self, _most: int = 32) -> list[tuple[str, datetime]]:
        """Nobody looks."""
        return []

    def take_jobs(self) -> list[Job]:
        """Return what was put since the last time."""
        taken, self.wanted = self.wanted, []
        return [one for one, _ in taken]


class FakeWebhook:
    """The partner: keeps what it takes, and refuses while `failure` is set."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.tried: list[str] = []
        self.failure: Exception | None = None

    def url(self) -> str:
        """Return the address."""
        return "https://partner.example/webhook"

    def sign(self, message_id: str, moment: datetime, body: str) -> dict[str, str]:
        """Return the headers of a delivery."""
        return signed_headers("partner-signing-secret", self.secrets(), message_id, moment, body)

    def secrets(self) -> str:
        """Return the signing secret."""
        return "whsec_" + "A" * 43 + "="

    def deliver(self, message_id: str, body: str) -> None:
        """Take a delivery or refuse it."""
        self.tried.append(message_id)
        if self.failure:
            raise self.failure
        self.taken.append((message_id, json.loads(body)))

    @property
    def news(self) -> list[tuple[str, str]]:
        """What was taken: type without its beginning, and the event's id."""
        return [(body["type"].rpartition(".")[2], body["data"]["event"]["id"]) for _, body in self.taken]


class FakeNames:
    """DNS, with one answer for every host."""

    def __init__(self) -> None:
        self.answer = ["20.50.2.1"]
        self.failure: OSError | None = None
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        """Answer as socket.getaddrinfo does."""
        self.asked.append((host, port))
        if self.failure:
            raise self.failure
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, port)) for one in self.answer]


class World(App):
    """The relay's own composition root with other parts, and a clock that stands until it is moved.

    `parts` are more of them, for worlds of a feature.
    """

    def __init__(self, parts: dict[str, Any] | None = None, **settings: str) -> None:
        self.time = START
        self.keys = [OLD]
        self.rows, self.ledger_rows, self.parked_rows = FakeTable(), FakeTable(), FakeTable()
        self.names = FakeNames()
        self.slept: list[float] = []
        self.threads = ThreadPoolExecutor(16)
        mine = {
            "watches": Watches(lambda: self.rows), "room_lists": RoomLists(lambda: self.rows),
            "heartbeat": Heartbeat(lambda: self.rows), "endpoints": Endpoints(lambda: self.rows),
            "replays": Replays(lambda: self.rows), "ledger": Ledger(lambda: self.ledger_rows, self.now),
            "parked": ParkedChanges(lambda: self.parked_rows), "changes": FakeQueue(), "jobs": FakeJobs(),
            "events": FakeEvents(), "rooms": FakeRooms(), "subscriptions": FakeSubscriptions(),
            "webhook": FakeWebhook(),
            "resolver": Resolver(lookup=self.names), "workers": MailboxWorkers(self.threads, self.mailbox_limits),
        }  # fmt: skip
        super().__init__(SETTINGS | settings, **(mine | (parts or {})))

    if TYPE_CHECKING:  # they are fakes here
        changes: FakeQueue
        jobs: FakeJobs
        events: FakeEvents
        rooms: FakeRooms
        subscriptions: FakeSubscriptions
        webhook: FakeWebhook

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep without waiting."""
        self.slept.append(seconds)
        self.pass_by(seconds)

    def get_token(self, **_: bool) -> str:
        """Return a token."""
        return "token"

    def client_state_keys(self) -> list[Key]:
        """Return the keys."""
        return self.keys

    def allow(self, allowed_mailboxes: str) -> None:
        """Change ALLOWED_MAILBOXES, as if the process had started with it."""
        self.settings = Settings.load(SETTINGS | {"ALLOWED_MAILBOXES": allowed_mailboxes})

    def end(self) -> None:
        """End the threads."""
        self.threads.shutdown()

    def watch(self, mailbox: str = MAILBOX, **changes: Any) -> Watch:
        """Store a live watch and return it."""
        given: dict[str, Any] = {"delivery": "relay", "created": self.time, "state": "live", "since": self.time,
                                 "renewed": self.time - timedelta(hours=1), "subscription_id": "s-0",
                                 "expires": self.time + timedelta(days=6), "key_version": "v1"}  # fmt: skip
        stored = self.watches.insert(Watch(watch_id_of(mailbox), mailbox, **(given | changes)))
        assert stored is not None
        return stored

    def entry(self, event_id: str = "E", watch_id: str = WATCH_ID) -> Entry:
        """Return what the ledger knows of an event."""
        return self.ledger.read(watch_id, [event_id])[0]

    def hint(self, *event_ids: str, deleted: bool = False, watch_id: str = WATCH_ID) -> ChangeMessage:
        """Return a message of hints that came now."""
        return ChangeMessage(self.time, tuple(Change(watch_id, "user", one, deleted) for one in event_ids or ("E",)))


REFUSED = NotDelivered(500, "status 500")
