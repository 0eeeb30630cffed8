"""Which versions of the clientState key are used."""

from __future__ import annotations

import pytest

from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph.client_state_keys import ClientStateKeys
from shared.key_vault import Secrets
from tests.support.fake_vault import VaultWorld, denied, sdk_error

STRONG = "Zm9ydHktZm91ciByYW5kb20gY2hhcmFjdGVycw=="
NAME = "client-state-key"


def keys_of(*values: str) -> ClientStateKeys:
    """Return the keys of a vault with these versions, oldest first; they are cached."""
    world = VaultWorld()
    world.vault.secrets[NAME] = list(values)
    world.secrets.latest_two(NAME)
    return ClientStateKeys(world.secrets, lambda: NAME)


@pytest.mark.parametrize("weak", ["k" * 16, "k" * 64, "abcd" * 16, STRONG[:31]])
def test_a_weak_key_is_not_used(weak: str) -> None:
    """Neither when the vault is read, nor from the cache. 32 characters are enough if they differ."""
    for read in (keys_of(STRONG, weak), keys_of(STRONG, weak).cached):
        with pytest.raises(ConfigurationError, match=f"{NAME}: must be at least 32 random characters"):
            read()
    assert [key.version for key in keys_of(STRONG[:32])()] == ["v0"]


def test_a_shorter_key_of_before_verifies_until_it_retires() -> None:
    """Otherwise the rotation that the error asks for would turn every notification into a forged one."""
    keys = keys_of("sixteen characte", STRONG)
    assert [key.version for key in keys()] == ["v1", "v0"]
    assert keys.cached() == keys()


def test_an_older_version_is_a_key_until_it_is_disabled() -> None:
    """The vault says that it is disabled, or has none; while it does not answer, or denies access, that is unknown."""
    world = VaultWorld()
    world.vault.secrets[NAME] = [STRONG, STRONG[::-1], STRONG[1:] + "x"]
    keys = ClientStateKeys(world.secrets, lambda: NAME)
    assert ([key.version for key in keys()], keys.further()) == (["v2", "v1"], ["v0"])
    older = keys.older("v0")
    assert older is not None
    assert (older.version, older.secret) == ("v0", STRONG.encode())
    for failure, error in ((sdk_error(503), ServiceUnavailable), (denied(), ConfigurationError)):
        world.vault.failure = failure
        with pytest.raises(error):
            ClientStateKeys(Secrets(lambda: world.vault, lambda: 300.0), lambda: NAME).older("v0")
    world.vault.failure = None
    world.vault.disabled.add("v0")
    world.seconds += 400
    assert keys.older("v0") is None
    keys()
    assert keys.further() == []


@pytest.mark.parametrize("guessable", ["k" * 16, "k" * 64, "fifteen charact"])
def test_a_key_of_before_that_can_be_guessed_verifies_nothing(guessable: str) -> None:
    """Anybody could have signed with it."""
    assert [key.version for key in keys_of(guessable, STRONG)()] == ["v1"]
