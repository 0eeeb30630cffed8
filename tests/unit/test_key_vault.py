"""Secrets are cached for a time, served stale when the vault fails, never waited for, and never shown."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from shared.key_vault import PAUSE_SECONDS
from tests.support.fake_vault import KEEP_SECONDS, VaultWorld, disabled, not_found, sdk_error
from tests.support.waiting import eventually


@pytest.fixture
def world() -> VaultWorld:
    """Return a world."""
    return VaultWorld()


def test_a_secret_is_read_once_in_its_time(world: VaultWorld) -> None:
    """The cache serves it for KEEP_SECONDS, then the vault is read again."""
    assert [world.secrets.get("key").value for _ in range(3)] == ["k2"] * 3
    world.seconds = KEEP_SECONDS - 0.1
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key").value == "k2"
    world.seconds = KEEP_SECONDS
    assert world.secrets.get("key").value == "k3"
    assert world.vault.calls["get key"] == 2


@pytest.mark.parametrize("failure", [ServiceRequestError("canary"), sdk_error(503), sdk_error(429), sdk_error(408)])
def test_a_cached_secret_is_served_while_the_vault_is_unavailable(world: VaultWorld, failure: Exception) -> None:
    """For as long as that lasts, and the vault is read rarely."""
    world.secrets.get("key")
    world.vault.failure, world.seconds = failure, KEEP_SECONDS
    for _ in range(5):
        assert world.secrets.get("key").value == "k2"
    assert world.vault.calls["get key"] == 2
    world.seconds += 7 * 24 * 3600
    assert world.secrets.get("key").value == "k2"
    world.seconds += PAUSE_SECONDS
    world.vault.failure = None
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key").value == "k3"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(sdk_error(404), ConfigurationError), (not_found(), ConfigurationError), (disabled(), ConfigurationError),
     (sdk_error(401), ConfigurationError), (sdk_error(403), ConfigurationError), (sdk_error(400), ConfigurationError),
     (sdk_error(429), ServiceUnavailable), (sdk_error(500), ServiceUnavailable),
     (ServiceRequestError("canary"), ServiceUnavailable),
     (ClientAuthenticationError("canary"), ServiceUnavailable)],
)  # fmt: skip
def test_without_a_cached_secret_the_error_says_what_to_do(
    world: VaultWorld, failure: Exception, kind: type[RelayError]
) -> None:
    """It has nothing of the SDK's text."""
    world.vault.failure = failure
    for read in (world.secrets.get, world.secrets.latest_two):
        with pytest.raises(kind) as caught:
            read("key")
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_error_for_an_empty_secret_names_it(world: VaultWorld) -> None:
    """An empty secret would be worse than a missing one."""
    with pytest.raises(ConfigurationError, match="empty"):
        world.secrets.get("empty")


def test_fresh_always_reads_the_vault(world: VaultWorld) -> None:
    """A rejected secret is useless, so an unavailable vault is an error then."""
    world.secrets.get("key")
    world.vault.secrets["key"].append("k3")
    assert world.secrets.get("key", fresh=True).value == "k3"
    world.vault.failure = sdk_error(500)
    with pytest.raises(ServiceUnavailable):
        world.secrets.get("key", fresh=True)
    assert world.secrets.get("key").value == "k3"


def test_the_two_newest_versions_come_newest_first(world: VaultWorld) -> None:
    """In whatever order the vault lists them."""
    assert [secret.value for secret in world.secrets.latest_two("key")] == ["k2", "k1"]
    assert [secret.version for secret in world.secrets.latest_two("key")] == ["v2", "v1"]
    assert [secret.value for secret in world.secrets.latest_two("one")] == ["only"]


def test_a_disabled_version_does_not_count(world: VaultWorld) -> None:
    """Disabling a version retires a key immediately."""
    world.vault.disabled = {"v2"}
    assert [secret.value for secret in world.secrets.latest_two("key")] == ["k1", "k0"]
    world.vault.disabled = {"v0"}
    with pytest.raises(ConfigurationError, match="no enabled version"):
        world.secrets.latest_two("one")


def test_peek_never_waits(world: VaultWorld) -> None:
    """It returns None before the first read, then the cached value, while a slow vault is read in the background."""
    assert world.secrets.peek_latest_two("key") is None
    assert world.vault.calls == Counter()
    first = world.secrets.latest_two("key")
    world.vault.secrets["key"].append("k3")
    world.vault.open.clear()
    world.seconds = KEEP_SECONDS
    assert [world.secrets.peek_latest_two("key") for _ in range(20)] == [first] * 20  # while the vault is blocked
    world.vault.open.set()
    eventually(lambda: world.secrets.peek_latest_two("key") != first)
    renewed = world.secrets.peek_latest_two("key")
    assert renewed is not None
    assert [secret.value for secret in renewed] == ["k3", "k2"]
    assert world.vault.calls["list key"] == 2


def test_many_threads_read_a_secret_once(world: VaultWorld) -> None:
    """During the first read the other threads wait for it."""
    world.vault.open.clear()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(world.secrets.get("key").value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    world.vault.open.set()
    for thread in threads:
        thread.join(60)
    assert found == ["k2"] * 8
    assert world.vault.calls["get key"] == 1


def test_an_unavailable_vault_is_read_rarely_without_a_cached_secret(world: VaultWorld) -> None:
    """Otherwise each notification of a cold start would wait for its own failure, beyond Graph's 3 seconds."""
    world.vault.failure = sdk_error(500)
    for _ in range(5):
        with pytest.raises(ServiceUnavailable):
            world.secrets.latest_two("key")
    assert world.vault.calls["list key"] == 1


def test_a_secret_shows_no_value(world: VaultWorld) -> None:
    """Neither in a log line nor in a traceback."""
    assert "k2" not in repr(world.secrets.get("key"))
