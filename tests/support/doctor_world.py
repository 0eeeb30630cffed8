"""A world for the doctor to check: tests set what its vault, Graph, storage and own address return."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import GraphError, RelayError
from shared.graph.diagnostics import GraphDiagnostics
from shared.graph.handshake_check import HandshakeCheck
from shared.key_vault import Secret, Secrets
from shared.storage.diagnostics import StorageDiagnostics
from tests.support.world import MAILBOX, World

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OUTSIDE = "ceo@contoso.com"


class FakeVault(Secrets):
    """Secrets by name; an error instead of a secret is raised."""

    def __init__(self) -> None:
        self.values: dict[str, str | RelayError] = {
            "client-state-key": "0123456789abcdef" * 2, "partner-signing-secret": SECRET, "graph-client-secret": "s",
            "identifier-key": "identifier-key-0123456789-abcdefghi",
        }  # fmt: skip
        self.content_type = ""
        self.fresh: list[str] = []

    def get(self, name: str, *, fresh: bool = False) -> Secret:
        """Return a secret, and record a request for a fresh one."""
        if fresh:
            self.fresh.append(name)
        value = self.values[name]
        if isinstance(value, RelayError):
            raise value
        return Secret(value, "v1", datetime.now(UTC), self.content_type)

    def latest_two(self, name: str, *, fresh: bool = False) -> list[Secret]:
        """Return the only version."""
        return [self.get(name, fresh=fresh)]

    def exists(self, name: str, *, fresh: bool = False) -> bool:
        """Return whether it is there, and record a request for a fresh answer."""
        if fresh:
            self.fresh.append(name)
        if isinstance(value := self.values.get(name), RelayError):
            raise value
        return value is not None


class FakeProbe(GraphDiagnostics):
    """The diagnostics of Graph."""

    def __init__(self) -> None:
        self.granted: frozenset[str] = frozenset()
        self.no_token: RelayError | None = None
        self.calendars: dict[str, GraphError | None] = {MAILBOX: None}
        self.writes: dict[str, GraphError | None] = {}
        self.room_list: GraphError | None = None
        self.rooms: GraphError | None = None
        self.time: datetime | None = None
        self.reads: list[str] = []

    def roles(self) -> frozenset[str]:
        """Return the roles in the token."""
        if self.no_token:
            raise self.no_token
        return self.granted

    def read_calendar(self, mailbox: str) -> None:
        """Read a calendar, or raise."""
        self.reads.append(mailbox)
        if failure := self.calendars.get(mailbox):
            raise failure

    def write_calendar(self, mailbox: str) -> None:
        """Write to a calendar, or raise."""
        if failure := self.writes.get(mailbox):
            raise failure

    def read_room_list(self, _: str) -> None:
        """Read a room list, or raise."""
        if self.room_list:
            raise self.room_list

    def read_rooms(self) -> None:
        """Read a room, or raise."""
        if self.rooms:
            raise self.rooms

    def server_time(self) -> datetime | None:
        """Return Graph's time."""
        return self.time


class FakeStore(StorageDiagnostics, HandshakeCheck):
    """Storage and the relay's address, without errors until a test sets one."""

    def __init__(self) -> None:
        self.url = "https://relay.example"
        self.failure: Exception | None = None
        self.wrong: dict[str, str] = {}

    def row(self) -> None:
        """Try a row."""
        if self.failure:
            raise self.failure

    def message(self) -> None:
        """Try a message."""

    def error(self, path: str) -> str:
        """Return the error at a path."""
        return self.wrong.get(path, "")


class DoctorWorld(World):
    """A world in which every check succeeds, until a test changes it."""

    if TYPE_CHECKING:  # the part that is a fake here
        secrets: FakeVault

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.secrets, self.probe, self.store = FakeVault(), FakeProbe(), FakeStore()
        self.probe.time = self.time
        self.pings: list[str] = []

    def graph_diagnostics(self) -> FakeProbe:
        """Return the diagnostics of Graph."""
        return self.probe

    def storage_diagnostics(self) -> FakeStore:
        """Return the diagnostics of storage."""
        return self.store

    def handshake_check(self) -> FakeStore:
        """Return the check of the relay's address."""
        return self.store
