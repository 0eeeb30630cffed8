"""A world that the doctor can examine: its vault, its Graph and its own address say what a test tells them to."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from shared.errors import GraphError, RelayError
from shared.key_vault import Secret
from tests.support.world import MAILBOX, World

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
OUTSIDE = "ceo@contoso.com"


class FakeVault:
    """Secrets by name; an error in the place of one is raised."""

    def __init__(self) -> None:
        self.values: dict[str, str | RelayError] = {
            "client-state-key": "k" * 32, "partner-signing-secret": SECRET, "graph-client-secret": "s",
        }  # fmt: skip
        self.fresh: list[str] = []

    def get(self, name: str, *, fresh: bool = False) -> Secret:
        """Return a secret, and note that it was asked for anew."""
        if fresh:
            self.fresh.append(name)
        value = self.values[name]
        if isinstance(value, RelayError):
            raise value
        return Secret(value, "v1", datetime.now(UTC))


class FakeProbe:
    """Graph as it is tried."""

    def __init__(self) -> None:
        self.granted: frozenset[str] = frozenset()
        self.no_token: RelayError | None = None
        self.calendars: dict[str, GraphError | None] = {MAILBOX: None}
        self.writes: dict[str, GraphError | None] = {}
        self.room_list: GraphError | None = None
        self.time: datetime | None = None
        self.reads: list[str] = []

    def roles(self) -> frozenset[str]:
        """Return what the token carries."""
        if self.no_token:
            raise self.no_token
        return self.granted

    def read_calendar(self, mailbox: str) -> None:
        """Read a calendar, or raise."""
        self.reads.append(mailbox)
        if failure := self.calendars.get(mailbox):
            raise failure

    def write_calendar(self, mailbox: str) -> None:
        """Write into a calendar, or raise."""
        if failure := self.writes.get(mailbox):
            raise failure

    def read_room_list(self, _: str) -> None:
        """Read a room list, or raise."""
        if self.room_list:
            raise self.room_list

    def server_time(self) -> datetime | None:
        """Return Graph's time."""
        return self.time


class FakeStore:
    """Storage, and the relay's address: sound until told otherwise."""

    url = "https://relay.example"

    def __init__(self) -> None:
        self.failure: RelayError | None = None
        self.wrong: dict[str, str] = {}

    def row(self) -> None:
        """Try a row."""
        if self.failure:
            raise self.failure

    def message(self) -> None:
        """Try a message."""

    def error(self, path: str) -> str:
        """Return what is wrong at a path."""
        return self.wrong.get(path, "")


class DoctorWorld(World):
    """Everything is well in it."""

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.secrets, self.probe, self.store = FakeVault(), FakeProbe(), FakeStore()
        self.probe.time = self.time
        self.pings: list[str] = []

    def graph_diagnostics(self) -> Any:
        """Return Graph."""
        return self.probe

    def storage_diagnostics(self) -> Any:
        """Return storage."""
        return self.store

    def handshake_check(self) -> Any:
        """Return the relay's address."""
        return self.store
