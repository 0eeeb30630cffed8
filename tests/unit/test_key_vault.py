"""Claims about secrets: kept a while, stale rather than none, never waited for, never shown."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from shared.key_vault import PAUSE_SECONDS, Secrets


def refused(status: int) -> HttpResponseError:
    """Return the SDK's error for a status; its text quotes something."""
    error = HttpResponseError("canary")
    error.status_code = status
    return error


class Vault:
    """A SecretClient over a table of versions, newest last; it counts what it is asked, and can fail or wait."""

    def __init__(self, **secrets: list[str]) -> None:
        self.secrets = secrets
        self.disabled: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def _answer(self, what: str) -> None:
        self.asked[what] += 1
        self.open.wait(5)
        if self.failure:
            raise self.failure

    def get_secret(self, name: str, version: str | None = None) -> Any:
        """Return a secret's value, the newest one or that of a version."""
        self._answer(f"get {name}")
        values = self.secrets[name]
        number = len(values) - 1 if version is None else int(version[1:])
        return SimpleNamespace(value=values[number], properties=self._properties(number))

    def list_properties_of_secret_versions(self, name: str) -> list[Any]:
        """List the versions, in no order."""
        self._answer(f"list {name}")
        found = [self._properties(number) for number in range(len(self.secrets[name]))]
        return sorted(found, key=lambda version: hash(version.version))

    def _properties(self, number: int) -> Any:
        version = f"v{number}"
        return SimpleNamespace(
            version=version, enabled=version not in self.disabled, created_on=datetime(2026, 1, 1 + number, tzinfo=UTC)
        )


KEEP_SECONDS = 300.0


class World:
    """A vault, a clock in seconds, and the object under test."""

    def __init__(self) -> None:
        self.vault = Vault(key=["k0", "k1", "k2"], one=["only"], empty=[""])
        self.seconds = 0.0
        self.secrets = Secrets(lambda: self.vault, lambda: KEEP_SECONDS, lambda: self.seconds)  # type: ignore[arg-type, return-value]


@pytest.fixture
def world() -> World:
    """Return a world."""
    return World()


def test_a_secret_is_read_once_in_its_time(world: World) -> None:
    """The cache answers until KEEP_SECONDS are over, then the vault is asked again."""
    assert [world.secrets.get("key").value for _ in range(3)] == ["k2"] * 3
    world.seconds = KEEP_SECONDS - 0.1
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key").value == "k2"
    world.seconds = KEEP_SECONDS
    assert world.secrets.get("key").value == "k3"
    assert world.vault.asked["get key"] == 2


@pytest.mark.parametrize("failure", [ServiceRequestError("canary"), refused(503), refused(403), refused(404)])
def test_a_known_secret_is_served_stale_while_the_vault_is_away(world: World, failure: Exception) -> None:
    """Also when somebody took a role away: what worked goes on working, and the vault is asked seldom."""
    world.secrets.get("key")
    world.vault.failure, world.seconds = failure, KEEP_SECONDS
    for _ in range(5):
        assert world.secrets.get("key").value == "k2"
    assert world.vault.asked["get key"] == 2
    world.seconds += PAUSE_SECONDS
    world.vault.failure = None
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key").value == "k3"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(refused(404), ConfigurationError), (refused(401), ConfigurationError), (refused(403), ConfigurationError),
     (refused(429), ServiceUnavailable), (refused(500), ServiceUnavailable),
     (ServiceRequestError("canary"), ServiceUnavailable),
     (ClientAuthenticationError("canary"), ServiceUnavailable)],
)  # fmt: skip
def test_without_a_known_secret_the_error_says_what_to_do(
    world: World, failure: Exception, kind: type[RelayError]
) -> None:
    """And nothing of what the SDK said."""
    world.vault.failure = failure
    for read in (world.secrets.get, world.secrets.latest_two):
        with pytest.raises(kind) as caught:
            read("key")
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_an_empty_secret_names_itself(world: World) -> None:
    """It would be worse than none."""
    with pytest.raises(ConfigurationError, match="empty"):
        world.secrets.get("empty")


def test_fresh_asks_the_vault_whatever_is_known(world: World) -> None:
    """A rejected secret is of no use; when the vault is away then, that is the error."""
    world.secrets.get("key")
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key", fresh=True).value == "k3"
    world.vault.failure = refused(500)
    with pytest.raises(ServiceUnavailable):
        world.secrets.get("key", fresh=True)
    assert world.secrets.get("key").value == "k3"


def test_the_two_newest_versions_come_newest_first(world: World) -> None:
    """However the vault lists them."""
    assert [secret.value for secret in world.secrets.latest_two("key")] == ["k2", "k1"]
    assert [secret.version for secret in world.secrets.latest_two("key")] == ["v2", "v1"]
    assert [secret.value for secret in world.secrets.latest_two("one")] == ["only"]


def test_a_disabled_version_does_not_count(world: World) -> None:
    """That is how a key is retired at once."""
    world.vault.disabled = {"v2"}
    assert [secret.value for secret in world.secrets.latest_two("key")] == ["k1", "k0"]
    world.vault.disabled = {"v0"}
    with pytest.raises(ConfigurationError, match="no enabled version"):
        world.secrets.latest_two("one")


def test_peek_never_waits(world: World) -> None:
    """None before the first reading; afterwards what is known, at once, while a slow vault is asked behind it."""
    assert world.secrets.peek_latest_two("key") is None
    assert world.vault.asked == Counter()
    first = world.secrets.latest_two("key")
    world.vault.secrets["key"].append("k3")
    world.vault.open.clear()
    world.seconds = KEEP_SECONDS
    began = time.monotonic()
    assert [world.secrets.peek_latest_two("key") for _ in range(20)] == [first] * 20
    assert time.monotonic() - began < 1
    world.vault.open.set()
    deadline = time.monotonic() + 5
    while world.secrets.peek_latest_two("key") == first and time.monotonic() < deadline:
        time.sleep(0.005)
    renewed = world.secrets.peek_latest_two("key")
    assert renewed is not None
    assert [secret.value for secret in renewed] == ["k3", "k2"]
    assert world.vault.asked["list key"] == 2


def test_many_threads_read_a_secret_once(world: World) -> None:
    """Who comes while it is being read for the first time waits for that reading."""
    world.vault.open.clear()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(world.secrets.get("key").value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    world.vault.open.set()
    for thread in threads:
        thread.join(5)
    assert found == ["k2"] * 8
    assert world.vault.asked["get key"] == 1


def test_a_vault_that_is_away_from_the_start_is_asked_seldom_too(world: World) -> None:
    """Else each notification of a cold start waits for a failure of its own, far beyond Graph's 3 seconds."""
    world.vault.failure = refused(500)
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            world.secrets.latest_two("key")
    assert world.vault.asked["list key"] == 1


def test_a_secret_shows_no_value(world: World) -> None:
    """Neither in a log line nor in a traceback."""
    assert "k2" not in repr(world.secrets.get("key"))
