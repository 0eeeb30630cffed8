"""Tokens for Graph: a single MSAL app, a second read of a rejected secret, a pause after a failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from shared.config import Settings
from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph import token as token_module
from shared.graph.login import PAUSE_SECONDS
from shared.graph.token import FRESH_CLAIMS, AppToken, IdentityToken, graph_scope
from shared.key_vault import Secret, Secrets

GOOD = {"TENANT_ID": "t", "CLIENT_ID": "c", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com"}
WRONG = {"error": "invalid_client", "error_codes": [7000215], "error_description": "canary"}
TOKEN = {"access_token": "a token"}


class Vault(Secrets):
    """A vault that returns its values in turn, and records which reads were fresh."""

    def __init__(self, *values: str) -> None:
        self.values = list(values) or ["secret"]
        self.fresh: list[bool] = []

    def get(self, name: str, *, fresh: bool = False) -> Secret:  # noqa: ARG002  (the real signature)
        """Return the next value; the last value stays."""
        self.fresh.append(fresh)
        return Secret(self.values.pop(0) if len(self.values) > 1 else self.values[0], "v", datetime.now(UTC))

    def peek(self, _name: str) -> Secret | None:
        """Return the version that all values have."""
        return Secret("", "v", datetime.now(UTC))


class Login:
    """Replaces MSAL's class: returns the given responses in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.secrets: list[object] = []

    def __call__(self, _client_id: str, **given: Any) -> Login:
        """Return the app object."""
        self.secrets.append(given["client_credential"])
        self.given = given
        return self

    def acquire_token_for_client(self, scopes: list[str]) -> Any:
        """Return or raise the next response."""
        self.scopes = scopes
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Ticks:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.seconds


@pytest.fixture
def ticks() -> Ticks:
    """Return a clock."""
    return Ticks()


def app_token(monkeypatch: pytest.MonkeyPatch, login: Login, vault: Vault, ticks: Ticks) -> AppToken:
    """Return the object under test with MSAL's class replaced."""
    monkeypatch.setattr("msal.ConfidentialClientApplication", login)
    return AppToken(Settings.load(GOOD), vault, ticks)


def test_a_single_app_object_is_created_and_kept(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """It holds the token cache; the scope covers all granted permissions."""
    login = Login(TOKEN, TOKEN)
    token = app_token(monkeypatch, login, vault := Vault(), ticks)
    assert [token(), token()] == ["a token", "a token"]
    assert (login.secrets, vault.fresh) == (["secret"], [False])
    assert login.scopes == ["https://graph.microsoft.com/.default"]
    assert login.given["authority"] == "https://login.microsoftonline.com/t"


def test_a_rejected_secret_is_read_again_from_the_vault(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """A rotation needs no restart."""
    login = Login(WRONG, TOKEN)
    token = app_token(monkeypatch, login, vault := Vault("old", "new"), ticks)
    assert token() == "a token"
    assert (login.secrets, vault.fresh) == (["old", "new"], [False, True])


def test_a_secret_rejected_twice_is_named_and_pauses_requests(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """All callers get the same error during the pause; neither the secret nor MSAL's description is shown."""
    login = Login(WRONG, WRONG, TOKEN)
    token = app_token(monkeypatch, login, Vault("old", "old too"), ticks)
    for _ in range(3):
        with pytest.raises(ConfigurationError, match=r"graph-client-secret.*AADSTS7000215") as caught:
            token()
        assert "canary" not in str(caught.value)
        assert "old" not in str(caught.value)
    assert len(login.answers) == 1
    ticks.seconds = PAUSE_SECONDS
    assert token() == "a token"


@pytest.mark.parametrize(
    ("host", "discovery"),
    [("https://login.microsoftonline.com", True), ("https://login.microsoftonline.us", True),
     ("https://localhost:1", False)],
)  # fmt: skip
def test_instance_discovery_is_on_for_microsofts_own_hosts_only(
    monkeypatch: pytest.MonkeyPatch,
    ticks: Ticks,
    host: str,
    discovery: bool,  # noqa: FBT001  (a table's cell)
) -> None:
    """Otherwise MSAL would query Microsoft about a host that Microsoft does not know."""
    login = Login(TOKEN)
    monkeypatch.setattr("msal.ConfidentialClientApplication", login)
    AppToken(Settings.load(GOOD | {"AZURE_AUTHORITY_HOST": host}), Vault())()
    assert login.given["instance_discovery"] is discovery


@pytest.mark.parametrize(
    ("base", "scope"),
    [("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"),
     ("https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default"),
     ("https://localhost:8443/v1.0", "https://localhost:8443/.default")],
)  # fmt: skip
def test_the_scope_follows_the_cloud(base: str, scope: str) -> None:
    """National clouds have their own resource."""
    assert graph_scope(base) == scope


class Credential(TokenCredential):
    """The managed identity: returns a token or raises."""

    def __init__(self, response: str | Exception) -> None:
        self.response = response
        self.scopes: tuple[str, ...] = ()
        self.claims: list[str | None] = []

    def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
        """Return the token, or raise."""
        self.scopes = scopes
        self.claims.append(claims)
        if isinstance(self.response, Exception):
            raise self.response
        return AccessToken(self.response, 0)


def test_a_managed_identity_needs_no_secret() -> None:
    """The scope is the same, and the token is returned unchanged."""
    credential = Credential("a token")
    token = IdentityToken(credential, "https://graph.microsoft.com/v1.0")
    assert [token(), token(fresh=True)] == ["a token"] * 2
    assert credential.scopes == ("https://graph.microsoft.com/.default",)
    assert credential.claims == [None, FRESH_CLAIMS]


def test_a_rejected_identity_is_unavailable() -> None:
    """It is a RelayError, so the change goes back on the queue."""
    with pytest.raises(ServiceUnavailable):
        IdentityToken(Credential(ClientAuthenticationError("canary")), "https://g.example")()


def test_an_outage_of_the_identity_endpoint_is_unavailable() -> None:
    """Untranslated, azure-identity's ServiceRequestError would turn messages into poison messages."""
    with pytest.raises(ServiceUnavailable):
        IdentityToken(Credential(ServiceRequestError("canary")), "https://g.example")()


def test_all_public_logins_are_listed() -> None:
    """They are the public cloud, US government and China."""
    assert len(token_module._MICROSOFT_LOGINS) == 3
