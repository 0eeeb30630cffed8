"""Health asks the vault itself, so a secret that was disabled or deleted is not ok although the cache has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.config import Settings
from shared.graph.client_state_keys import ClientStateKeys
from shared.health.all_checks import AllChecks
from shared.health.checks import Check, is_up, result_of
from shared.health.vault import VaultReadings
from shared.key_vault import CONFIRM_SECONDS
from tests.support.fake_vault import VaultWorld, denied
from tests.support.world import SETTINGS
from tests.unit.health.conftest import SECRET, HealthWorld

NAMES = ("client-state-key", "partner-signing-secret", "graph-client-secret")


class VaultHealthWorld(VaultWorld):
    """A vault with the relay's three secrets, and health checks that ask it."""

    def __init__(self, health: HealthWorld, **settings: str) -> None:
        super().__init__()
        self.vault.secrets = {name: [SECRET] for name in NAMES}
        self.readings = VaultReadings(Settings.load(SETTINGS | settings), self.secrets)
        keys = ClientStateKeys(self.secrets, lambda: NAMES[0])
        self.checks = AllChecks(replace(health.checks, client_state_keys=keys), self.readings.problems, {})


@pytest.fixture
def vault(health: HealthWorld) -> VaultHealthWorld:
    """Return a vault of which all values are cached."""
    made = VaultHealthWorld(health)
    for name in NAMES:
        made.secrets.get(name)
    made.secrets.latest_two(NAMES[0])
    return made


def test_all_secrets_in_the_vault_are_ok(vault: VaultHealthWorld) -> None:
    """The graph's secret, too, which no other check reads."""
    vault.seconds = CONFIRM_SECONDS
    assert vault.checks.run("keyVault").text == "ok; 1 clientState key in use"
    assert {name.removeprefix("get ") for name in vault.vault.calls} >= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_deleted_secret_is_not_ok(vault: VaultHealthWorld, name: str) -> None:
    """It is named although its value is cached for minutes."""
    del vault.vault.secrets[name]
    vault.seconds = CONFIRM_SECONDS
    check = vault.checks.run("keyVault")
    assert not check.ok
    assert check.text.startswith(f"{name}: ")
    assert is_up([check]) is (name != NAMES[0])  # the webhook and the login of this world do not use the vault


def test_a_disabled_key_is_not_ok_and_is_used_no_longer(vault: VaultHealthWorld) -> None:
    """The answer that health got ends the cache for all."""
    vault.vault.disabled = {"v0"}
    vault.seconds = CONFIRM_SECONDS
    check = vault.checks.run("keyVault")
    assert (check.ok, is_up([check])) == (False, False)
    assert vault.secrets.peek_latest_two(NAMES[0]) is None


@pytest.mark.parametrize(
    ("failure", "text"), [(denied(), "Key Vault Secrets User"), (ServiceRequestError("canary"), "does not answer")]
)
def test_what_the_cache_bridges_is_not_ok(vault: VaultHealthWorld, failure: Exception, text: str) -> None:
    """The relay is up meanwhile."""
    vault.vault.failure = failure
    vault.seconds = CONFIRM_SECONDS
    check = vault.checks.run("keyVault")
    assert (check.ok, is_up([check])) == (False, True)
    assert text in check.text
    assert "canary" not in check.text
    vault.vault.failure = None
    vault.seconds += CONFIRM_SECONDS
    assert vault.checks.run("keyVault").ok


def test_the_vault_is_read_once_in_ten_seconds(vault: VaultHealthWorld) -> None:
    """However often the checks run."""
    vault.seconds = CONFIRM_SECONDS
    vault.checks.run("keyVault")
    calls = vault.vault.calls.total()
    for _ in range(10):
        vault.checks.run("keyVault")
    assert vault.vault.calls.total() == calls


def identifier_key(vault: VaultHealthWorld) -> Check:
    """Return the check of the identifier key, ten seconds later."""
    vault.seconds += CONFIRM_SECONDS
    return result_of("identifierKey", vault.readings.identifier_key)


def test_a_missing_identifier_key_pages_nobody(vault: VaultHealthWorld) -> None:
    """A deployment that was upgraded by code alone lacks it: the check says so and is ok. Its value is never read."""
    seen = identifier_key(vault)
    assert (seen.ok, "deploy infra/main.bicep once" in seen.text) == (True, True)
    vault.vault.failure = denied()
    seen = identifier_key(vault)
    assert (seen.ok, "not known" in seen.text, "canary" in seen.text) == (True, True, False)
    vault.vault.failure = None
    vault.vault.secrets["identifier-key"] = [SECRET]
    assert identifier_key(vault).text == "ok; identifier-key is in the vault"
    vault.vault.disabled = {"v0"}
    assert "is not in the vault" in identifier_key(vault).text
    assert "get identifier-key" not in vault.vault.calls


def test_the_identifier_key_is_looked_up_rarely(vault: VaultHealthWorld) -> None:
    """Once in ten seconds, however often the checks run."""
    for _ in range(10):
        vault.readings.identifier_key()
    assert vault.vault.calls["list identifier-key"] == 1


@pytest.mark.parametrize(
    ("credential", "missing"),
    [("managed-identity", None), ("certificate", "graph-certificate"), ("pigeon", None)],
)
def test_only_the_secret_of_the_credential_is_read(health: HealthWorld, credential: str, missing: str | None) -> None:
    """An invalid setting is reported by its own check."""
    vault = VaultHealthWorld(health, GRAPH_CREDENTIAL=credential)
    problems = vault.readings.problems()
    assert problems == ([f"{missing}: the vault has no such secret: create it"] if missing else [])
    assert "get graph-client-secret" not in vault.vault.calls
