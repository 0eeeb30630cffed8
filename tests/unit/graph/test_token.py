"""Claims about tokens: one MSAL app, one second look at a rejected secret, a pause after a failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from shared.config import Settings
from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph import token as token_module
from shared.graph.token import PAUSE_SECONDS, AppToken, IdentityToken, graph_scope
from shared.key_vault import Secret

GOOD = {"TENANT_ID": "t", "CLIENT_ID": "c", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com"}
WRONG = {"error": "invalid_client", "error_codes": [7000215], "error_description": "canary"}
TOKEN = {"access_token": "a token"}


class Vault:
    """Stands for the secrets: notes which readings were fresh."""

    def __init__(self, *values: str) -> None:
        self.values = list(values) or ["secret"]
        self.fresh: list[bool] = []

    def get(self, _name: str, *, fresh: bool = False) -> Secret:
        """Return the next value; the last one stays."""
        self.fresh.append(fresh)
        return Secret(self.values.pop(0) if len(self.values) > 1 else self.values[0], "v", datetime.now(UTC))


class Login:
    """Stands for MSAL: gives what each app object answers, in turn, to the AppToken under test."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.secrets: list[object] = []
        self.removed = 0

    def __call__(self, _client_id: str, **given: Any) -> Login:
        """Be the app object that is built."""
        self.secrets.append(given["client_credential"])
        self.given = given
        return self

    def acquire_token_for_client(self, scopes: list[str]) -> Any:
        """Answer in turn."""
        self.scopes = scopes
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def remove_tokens_for_client(self) -> None:
        """Note that the cache was emptied."""
        self.removed += 1


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
    return AppToken(Settings.load(GOOD), vault, ticks)  # type: ignore[arg-type]  # a fake


def test_one_app_object_is_made_and_kept(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """It holds the cache of tokens; the scope stands for all that was granted."""
    login = Login(TOKEN, TOKEN)
    token = app_token(monkeypatch, login, vault := Vault(), ticks)
    assert [token(), token()] == ["a token", "a token"]
    assert (login.secrets, vault.fresh) == (["secret"], [False])
    assert login.scopes == ["https://graph.microsoft.com/.default"]
    assert login.given["authority"] == "https://login.microsoftonline.com/t"
    assert login.given["timeout"] <= 10


def test_a_rejected_secret_is_read_from_the_vault_once_more(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """A rotation needs no restart."""
    login = Login(WRONG, TOKEN)
    token = app_token(monkeypatch, login, vault := Vault("old", "new"), ticks)
    assert token() == "a token"
    assert (login.secrets, vault.fresh) == (["old", "new"], [False, True])


def test_a_secret_rejected_twice_names_the_secret_and_pauses(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """One error for everybody during the pause, then a new try; neither secret nor description is shown."""
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


@pytest.mark.parametrize("failure", [requests.ConnectionError("canary"), requests.ReadTimeout("canary")])
def test_a_login_that_does_not_answer_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, ticks: Ticks, failure: Exception
) -> None:
    """One wait for all threads: during the pause nobody asks again."""
    login = Login(failure)
    token = app_token(monkeypatch, login, Vault(), ticks)
    for _ in range(3):
        with pytest.raises(ServiceUnavailable) as caught:
            token()
        assert "canary" not in str(caught.value)


def test_a_token_that_graph_refused_is_not_taken_from_the_cache(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """`fresh` empties MSAL's cache first."""
    login = Login(TOKEN, {"access_token": "another"})
    token = app_token(monkeypatch, login, Vault(), ticks)
    token()
    assert token(fresh=True) == "another"
    assert login.removed == 1


def test_an_unknown_tenant_names_the_setting(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """MSAL raises ValueError when the discovery document is not there."""
    with pytest.raises(ConfigurationError, match="TENANT_ID"):
        app_token(monkeypatch, Login(ValueError("canary")), Vault(), ticks)()


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
    """Elsewhere MSAL would ask Microsoft about a host that it does not know."""
    login = Login(TOKEN)
    monkeypatch.setattr("msal.ConfidentialClientApplication", login)
    AppToken(Settings.load(GOOD | {"AZURE_AUTHORITY_HOST": host}), Vault())()  # type: ignore[arg-type]  # a fake
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


class Credential:
    """Stands for the managed identity."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_token(self, *scopes: str) -> Any:
        """Give the token or fail."""
        self.scopes = scopes
        if isinstance(self.answer, Exception):
            raise self.answer
        return type("AccessToken", (), {"token": self.answer})


def test_a_managed_identity_needs_no_secret() -> None:
    """The same scope, and the token as it is."""
    credential = Credential("a token")
    assert IdentityToken(credential, "https://graph.microsoft.com/v1.0")() == "a token"  # type: ignore[arg-type]
    assert credential.scopes == ("https://graph.microsoft.com/.default",)


def test_an_identity_that_is_refused_is_unavailable() -> None:
    """A RelayError: the change goes back on the queue."""
    with pytest.raises(ServiceUnavailable):
        IdentityToken(Credential(ClientAuthenticationError("canary")), "https://g.example")()  # type: ignore[arg-type]


def test_an_identity_endpoint_that_does_not_answer_is_unavailable() -> None:
    """azure-identity raises ServiceRequestError then; untranslated it would send changes to the poison queue."""
    with pytest.raises(ServiceUnavailable):
        IdentityToken(Credential(ServiceRequestError("canary")), "https://g.example")()  # type: ignore[arg-type]


def test_the_module_names_all_public_logins() -> None:
    """Public, US government and China."""
    assert len(token_module._MICROSOFT_LOGINS) == 3
