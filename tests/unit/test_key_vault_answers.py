"""A definite answer of the vault ends the use of a cached secret; only the vault's absence is bridged."""

from __future__ import annotations

import logging

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.key_vault import CONFIRM_SECONDS, DENIED_SECONDS, PAUSE_SECONDS, UNCONFIRMED_SECONDS
from tests.support.fake_vault import KEEP_SECONDS, VaultWorld, denied, disabled, not_found, sdk_error
from tests.support.waiting import eventually

REFUSALS = [
    denied(), sdk_error(401, "Unauthorized"), sdk_error(403, "Forbidden", "AccessDenied"),
    sdk_error(403, "Forbidden", "ForbiddenByFirewall"), sdk_error(403), sdk_error(404),
]  # fmt: skip


@pytest.fixture
def world() -> VaultWorld:
    """Return a world in which both kinds of value were read once."""
    world = VaultWorld()
    world.secrets.get("key")
    world.secrets.latest_two("key")
    world.seconds = KEEP_SECONDS
    return world


@pytest.mark.parametrize("answer", [disabled(), not_found()])
def test_a_disabled_or_deleted_secret_is_used_no_longer(
    world: VaultWorld, answer: HttpResponseError, caplog: pytest.LogCaptureFixture
) -> None:
    """The first read after its time finds out, and no call gets the cached value again."""
    world.vault.failure = answer
    for read in (world.secrets.get, world.secrets.latest_two):
        with caplog.at_level(logging.ERROR), pytest.raises(ConfigurationError):
            read("key")
        world.vault.failure = ServiceRequestError("canary")
        world.seconds += PAUSE_SECONDS
        with pytest.raises(ServiceUnavailable):
            read("key")
        world.vault.failure = answer
    assert world.secrets.peek_latest_two("key") is None
    assert [message for message in caplog.messages if "no longer used: key: " in message]
    assert "canary" not in caplog.text


def test_a_secret_without_an_enabled_version_verifies_nothing(world: VaultWorld) -> None:
    """Somebody disabled all versions of a leaked key."""
    world.vault.disabled = {"v0", "v1", "v2"}
    with pytest.raises(ConfigurationError, match="no enabled version"):
        world.secrets.latest_two("key")
    assert world.secrets.peek_latest_two("key") is None


def test_a_version_that_was_disabled_verifies_no_longer(world: VaultWorld) -> None:
    """Also if the list does not show it yet: a read of the version says so, and the next one takes its place."""
    world.vault.disabled = world.vault.listed = {"v2"}
    assert [secret.version for secret in world.secrets.latest_two("key")] == ["v1", "v0"]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_secret_is_used_for_ten_minutes(world: VaultWorld, refusal: HttpResponseError) -> None:
    """A role assignment or a firewall rule may be wrong for a moment."""
    world.vault.failure = refusal
    start = world.seconds
    while world.seconds < start + DENIED_SECONDS:
        assert world.secrets.get("key").value == "k2"
        world.seconds += 60
    with pytest.raises(ConfigurationError):
        world.secrets.get("key")


def test_a_refusal_for_a_moment_does_no_harm(world: VaultWorld) -> None:
    """A value from the vault ends the series of refusals."""
    for _ in range(30):
        world.vault.failure = denied()
        assert world.secrets.get("key").value == "k2"
        world.vault.failure = None
        world.seconds += PAUSE_SECONDS
        assert world.secrets.get("key").value == "k2"
        world.seconds += KEEP_SECONDS


def test_an_outage_between_two_refusals_does_not_extend_the_use(world: VaultWorld) -> None:
    """It is bridged itself, but the first refusal counts."""
    world.vault.failure = denied()
    world.secrets.get("key")
    world.vault.failure = ServiceRequestError("canary")
    world.seconds += DENIED_SECONDS
    assert world.secrets.get("key").value == "k2"
    world.vault.failure = denied()
    world.seconds += PAUSE_SECONDS
    with pytest.raises(ConfigurationError):
        world.secrets.get("key")


@pytest.mark.parametrize("method", ["peek", "peek_latest_two"])
def test_peek_finds_out_in_the_background(world: VaultWorld, method: str) -> None:
    """The call that begins the read gets the cached value, later ones get None."""
    world.vault.failure, peek = disabled(), getattr(world.secrets, method)
    assert peek("key") is not None
    eventually(lambda: peek("key") is None)


def test_peek_uses_nothing_that_was_not_read_for_ten_minutes(world: VaultWorld) -> None:
    """An idle process would otherwise accept a key that was disabled hours ago."""
    world.seconds = UNCONFIRMED_SECONDS - 1
    world.vault.open.clear()
    assert world.secrets.peek_latest_two("key") is not None
    world.seconds = UNCONFIRMED_SECONDS
    assert world.secrets.peek_latest_two("key") is None
    world.vault.open.set()
    assert [secret.value for secret in world.secrets.latest_two("key")] == ["k2", "k1"]


def test_confirm_raises_what_get_does_not(world: VaultWorld) -> None:
    """`confirm` raises while `get` still returns the cached value."""
    for failure, kind in ((ServiceRequestError("canary"), ServiceUnavailable), (denied(), ConfigurationError)):
        world.vault.failure = failure
        world.seconds += CONFIRM_SECONDS
        for confirm in (world.secrets.confirm, world.secrets.confirm_latest_two):
            with pytest.raises(kind):
                confirm("key")
        assert world.secrets.get("key").value == "k2"


def test_confirm_reads_once_in_ten_seconds(world: VaultWorld) -> None:
    """A failure counts as an answer, too."""
    before = world.vault.calls["get key"]
    for _ in range(5):
        assert world.secrets.confirm("key").value == "k2"
    world.vault.failure = disabled()
    world.seconds += CONFIRM_SECONDS
    for _ in range(5):
        with pytest.raises(ConfigurationError, match="disabled"):
            world.secrets.confirm("key")
    assert world.vault.calls["get key"] == before + 2


@pytest.mark.parametrize(
    ("answer", "advice"),
    [(disabled(), "disabled: enable it"), (not_found(), "no such secret: create it"), (denied(), "Secrets User"),
     (sdk_error(403, "Forbidden", "ForbiddenByFirewall"), "firewall"),
     (sdk_error(400, "BadParameter"), "KEY_VAULT_URI")],
)  # fmt: skip
def test_each_answer_says_what_to_do(world: VaultWorld, answer: HttpResponseError, advice: str) -> None:
    """It has nothing of the vault's own text."""
    world.vault.failure = answer
    with pytest.raises(ConfigurationError, match=advice) as caught:
        world.secrets.get("key", fresh=True)
    assert "canary" not in str(caught.value)
