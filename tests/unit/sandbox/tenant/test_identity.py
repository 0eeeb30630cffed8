"""The managed identity endpoint, called by the real azure-identity."""

from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, ManagedIdentityCredential

from sandbox.tenant.tokens import GRAPH, VAULT
from tests.support.running_tenant import USER_ASSIGNED, Running

pytestmark = pytest.mark.server

QUERY = {"api-version": "2019-08-01", "resource": GRAPH}
HEADER = {"X-IDENTITY-HEADER": "identity-header"}


@pytest.fixture
def environment(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that App Service sets for an app with an identity."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", running.addresses.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", "identity-header")


def get(running: Running, query: dict[str, str], headers: dict[str, str]) -> requests.Response:
    """Call the endpoint without a library."""
    return running.session.get(running.addresses.identity_url, params=query, headers=headers, timeout=180)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("credential_type", [ManagedIdentityCredential, DefaultAzureCredential])
def test_the_system_assigned_identity_gets_a_token(running: Running, credential_type: Any) -> None:
    """Both credentials get a token of the identity's roles, for about an hour."""
    token = credential_type().get_token(f"{GRAPH}/.default")
    caller = running.tenant.tokens.check(f"Bearer {token.token}", GRAPH)
    assert caller.roles == {"Calendars.Read"}
    assert 3500 < token.expires_on - running.tenant.clock.now().timestamp() < 3700


@pytest.mark.usefixtures("environment")
def test_the_user_assigned_identity_gets_its_own_token(running: Running) -> None:
    """With a client id the token belongs to that identity."""
    token = ManagedIdentityCredential(client_id=USER_ASSIGNED).get_token(f"{GRAPH}/.default")
    caller = running.tenant.tokens.check(f"Bearer {token.token}", GRAPH)
    assert (caller.client_id, caller.roles) == (USER_ASSIGNED, frozenset({"Place.Read.All"}))


@pytest.mark.usefixtures("environment", "running")
def test_an_unknown_identity_is_refused() -> None:
    """azure-identity reports App Service's own text."""
    credential = ManagedIdentityCredential(client_id="00000000-0000-4000-8000-000000000000")
    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError), match="No User Assigned"):
        credential.get_token(f"{GRAPH}/.default")


@pytest.mark.usefixtures("environment")
def test_a_temporary_fault_is_retried(running: Running) -> None:
    """Planted faults affect this endpoint too; azure-identity retries."""
    running.control("POST", "/faults", {"match": "GET /msi/token", "status": 503, "times": 1})
    assert ManagedIdentityCredential().get_token(f"{GRAPH}/.default").token
    assert running.control("GET", "/faults").json()["faults"][0]["met"] == 1


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        (QUERY, {}, 401),
        (QUERY, {"X-IDENTITY-HEADER": "guessed"}, 401),
        ({**QUERY, "api-version": "2017-09-01"}, HEADER, 400),
        ({"resource": GRAPH}, HEADER, 400),
        ({"api-version": "2019-08-01"}, HEADER, 400),
        ({**QUERY, "client_id": "11111111-2222-4333-8444-555555555555"}, HEADER, 400),
        ({**QUERY, "resource": "https://example.com"}, HEADER, 500),
    ],
)
def test_a_wrong_request_is_refused(
    running: Running, query: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """Header, version, resource and identity are each checked; an app registration is no managed identity."""
    answer = get(running, query, headers)
    assert answer.status_code == status
    assert set(answer.json()) == {"statusCode", "message", "correlationId"}
    assert answer.json()["statusCode"] == status


def test_the_response_has_the_documented_shape(running: Running) -> None:
    """expires_on is text, in seconds since 1970; the resource is repeated."""
    body = get(running, {**QUERY, "resource": VAULT}, HEADER).json()
    assert set(body) == {"access_token", "client_id", "expires_on", "resource", "token_type"}
    assert (body["resource"], body["token_type"]) == (VAULT, "Bearer")
    assert body["expires_on"].isdecimal()
