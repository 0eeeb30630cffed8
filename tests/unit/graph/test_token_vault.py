"""The secret of the app registration is used only while the vault gives it."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.graph.token import AppToken
from shared.key_vault import PAUSE_SECONDS
from tests.support.fake_vault import KEEP_SECONDS, VaultWorld, denied, sdk_error
from tests.support.waiting import eventually

SETTINGS = {"TENANT_ID": "t", "CLIENT_ID": "c", "GRAPH_CLIENT_SECRET_NAME": "key"}


class Login:
    """Replaces MSAL's class, and accepts every secret."""

    def __init__(self) -> None:
        self.secrets: list[object] = []

    def __call__(self, _client_id: str, **given: object) -> Login:
        """Return the app object."""
        self.secrets.append(given["client_credential"])
        return self

    def acquire_token_for_client(self, **_: object) -> dict[str, str]:
        """Return a token."""
        return {"access_token": "a token"}


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Login:
    """Return the login that MSAL's class is replaced by."""
    login = Login()
    monkeypatch.setattr("msal.ConfidentialClientApplication", login)
    return login


def refused(token: AppToken) -> bool:
    """Return whether there is no token for the lack of a secret."""
    try:
        token()
    except ConfigurationError:
        return True
    return False


def test_a_disabled_or_deleted_secret_gives_no_token_any_more(login: Login) -> None:
    """It needs no restart."""
    world = VaultWorld()
    token = AppToken(Settings.load(SETTINGS), world.secrets, lambda: world.seconds)
    assert token() == "a token"
    world.vault.disabled, world.seconds = {"v0", "v1", "v2"}, KEEP_SECONDS
    eventually(lambda: refused(token))
    world.vault.disabled, world.seconds = set(), KEEP_SECONDS + 2 * PAUSE_SECONDS
    assert token() == "a token"
    assert login.secrets == ["k2", "k2"]


def test_a_new_version_is_used_before_login_rejects_the_old_secret(login: Login) -> None:
    """The vault was read again in its time."""
    world = VaultWorld()
    token = AppToken(Settings.load(SETTINGS), world.secrets, lambda: world.seconds)
    token()
    world.vault.secrets["key"].append("k3")
    world.seconds = KEEP_SECONDS
    eventually(lambda: token() and login.secrets == ["k2", "k3"])


@pytest.mark.parametrize("failure", [sdk_error(503), denied()])
def test_an_outage_of_the_vault_costs_no_wait_and_no_new_app_object(login: Login, failure: Exception) -> None:
    """The vault is read in the background."""
    world = VaultWorld()
    token = AppToken(Settings.load(SETTINGS), world.secrets, lambda: world.seconds)
    token()
    world.vault.failure = failure
    for _ in range(5):
        world.seconds += KEEP_SECONDS / 4
        assert token() == "a token"
    assert login.secrets == ["k2"]
