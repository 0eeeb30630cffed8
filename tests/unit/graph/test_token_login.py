"""Tokens from a login that throttles or fails, with MSAL itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
import requests
import responses

from shared.config import Settings
from shared.errors import ConfigurationError, ServiceUnavailable
from shared.graph.login import LONGEST_PAUSE, PAUSE_SECONDS
from shared.graph.token import AppToken
from shared.key_vault import Secret, Secrets

AUTHORITY = "https://login.microsoftonline.com/tenant"
DISCOVERY = f"{AUTHORITY}/v2.0/.well-known/openid-configuration"
ISSUE = f"{AUTHORITY}/oauth2/v2.0/token"
GOOD = {"TENANT_ID": "tenant", "CLIENT_ID": "client"}


class Vault(Secrets):
    """A vault with one secret."""

    def __init__(self) -> None:
        pass

    def get(self, name: str, *, fresh: bool = False) -> Secret:  # noqa: ARG002  (the real signature)
        """Return it."""
        return Secret("secret", "v", datetime.now(UTC))

    def peek(self, _name: str) -> Secret | None:
        """Return the version that all values have."""
        return Secret("", "v", datetime.now(UTC))


class Login:
    """Entra's login: `answers` are statuses and headers of the token endpoint, in turn; then it issues tokens."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.calls = mock.calls
        self.seconds = 0.0
        self.answers: list[tuple[int, dict[str, str], str]] = []
        self.requested: list[float] = []
        self.token = AppToken(Settings.load(GOOD), Vault(), lambda: self.seconds)
        endpoints = {"authorization_endpoint": f"{AUTHORITY}/authorize", "token_endpoint": ISSUE, "issuer": AUTHORITY}
        self.discovery = mock.get(DISCOVERY, json=endpoints)
        self.lost: Exception | None = None
        mock.add_callback(responses.POST, ISSUE, self._issue)

    def _issue(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert parse_qs(str(request.body))["scope"] == ["https://graph.microsoft.com/.default"]
        self.requested.append(self.seconds)
        if self.lost:
            raise self.lost
        issued = f'{{"access_token": "token-{len(self.requested)}", "expires_in": 3600, "token_type": "Bearer"}}'
        return self.answers.pop(0) if self.answers else (200, {}, issued)

    def fail(self) -> ServiceUnavailable:
        """Return the error that a call raises."""
        with pytest.raises(ServiceUnavailable, match="login") as caught:
            self.token()
        return caught.value


@pytest.fixture
def login() -> Iterator[Login]:
    """Return a login that this process reaches instead of Entra's."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Login(mock)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("body", ['{"error": "temporarily_unavailable"}', "<html>canary</html>", ""])
def test_login_is_not_called_before_its_retry_after(login: Login, status: int, body: str) -> None:
    """All callers get the error at once. It is no mistake of the administrator, and has the wait for the queue."""
    login.answers = [(status, {"Retry-After": "60"}, body)]
    for second in (0, 3, 30, 59.9):
        login.seconds = second
        error = login.fail()
        assert error.retry_after == 60
        assert "canary" not in str(error)
    login.seconds = 60
    assert login.token() == "token-2"
    assert login.requested == [0, 60]


@pytest.mark.parametrize(("header", "pause"), [(None, PAUSE_SECONDS), ("0", PAUSE_SECONDS), ("1e9", LONGEST_PAUSE)])
def test_the_pause_has_a_lower_and_an_upper_limit(login: Login, header: str | None, pause: float) -> None:
    """MSAL's own cache of responses would last five seconds, also without Retry-After."""
    login.answers = [(503, {"Retry-After": header} if header else {}, "")]
    login.fail()
    login.seconds = pause - 0.1
    login.fail()
    login.seconds = pause
    assert login.token() == "token-2"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_throttled_discovery_does_not_blame_the_tenant_id(login: Login, status: int) -> None:
    """MSAL reports every 4xx of the discovery as an unknown tenant."""
    login.discovery.status = status
    login.fail()


def test_an_unknown_tenant_names_the_setting(login: Login) -> None:
    """A 400 of the discovery is the administrator's mistake."""
    login.discovery.status = 400
    with pytest.raises(ConfigurationError, match="TENANT_ID"):
        login.token()


def test_a_token_is_kept_and_a_fresh_token_is_requested(login: Login) -> None:
    """After a 401 of Graph login itself decides, and the fresh token is kept."""
    assert [login.token(), login.token()] == ["token-1"] * 2
    login.seconds = 10
    assert [login.token(fresh=True), login.token()] == ["token-2"] * 2


def test_many_callers_that_graph_rejects_call_login_once(login: Login) -> None:
    """A token that is two seconds old is fresh, so that a Graph that rejects all calls does not throttle login."""
    login.token()
    login.seconds = 10
    assert {login.token(fresh=True) for _ in range(20)} == {"token-2"}
    login.seconds = 10 + PAUSE_SECONDS
    assert login.token(fresh=True) == "token-3"


@pytest.mark.parametrize("failure", [requests.ConnectionError("canary"), requests.ReadTimeout("canary")])
def test_an_outage_costs_a_single_attempt_and_no_living_token(login: Login, failure: Exception) -> None:
    """Who needs a new token gets an error without a call; who does not, gets the one that login issued before."""
    login.token()
    login.seconds, login.lost = 10, failure
    for _ in range(3):
        with pytest.raises(ServiceUnavailable) as caught:
            login.token(fresh=True)
        assert "canary" not in str(caught.value)
        assert login.token() == "token-1"
    assert login.requested == [0, 10]


def test_an_unreadable_answer_is_unavailable(login: Login) -> None:
    """A proxy's page is no mistake in TENANT_ID."""
    login.answers = [(200, {}, "<html>canary</html>")]
    assert "canary" not in str(login.fail())
    assert login.token() == "token-2"


def test_every_call_has_a_time_limit(login: Login) -> None:
    """Otherwise a login that hangs would block every caller."""
    login.token()
    limits = [vars(call.request)["req_kwargs"]["timeout"] for call in login.calls]
    assert limits == [6.0, 6.0]
