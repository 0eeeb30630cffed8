"""Key Vault, read by the real azure-keyvault-secrets."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msal
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

from sandbox.tenant.tokens import GRAPH, VAULT
from tests.support.running_tenant import CLIENT_ID, SECRET, TENANT_ID, USER_ASSIGNED, Running

pytestmark = pytest.mark.server


class ByMsal:
    """A credential like the product's: MSAL with the client's secret."""

    def __init__(self, running: Running) -> None:
        self.challenges: list[tuple[str, str | None]] = []
        self._app = msal.ConfidentialClientApplication(
            CLIENT_ID, SECRET, authority=running.authority, instance_discovery=False
        )

    def get_token(self, *scopes: str, tenant_id: str | None = None, **_more: object) -> AccessToken:
        """Return a token, and record the scope and tenant of the vault's challenge."""
        self.challenges.append((scopes[0], tenant_id))
        answer = self._app.acquire_token_for_client(list(scopes))
        return AccessToken(answer["access_token"], int(datetime.now(UTC).timestamp()) + answer["expires_in"])


def client(running: Running) -> SecretClient:
    """Return the library's client, without its check of the domain, because localhost is not a vault's."""
    return SecretClient(running.url, ByMsal(running), verify_challenge_resource=False)


def get(running: Running, path: str, **query: str) -> tuple[int, dict[str, Any]]:
    """Call the vault with a valid token; return status and error, or the complete body."""
    answer = running.call(
        "GET", path, params={"api-version": "7.4", **query}, headers={"Authorization": f"Bearer {running.token(VAULT)}"}
    )
    body = answer.json()
    return answer.status_code, body.get("error", body)


def test_the_newest_version_is_the_secret(running: Running) -> None:
    """get_secret returns the newest value, with its version and dates."""
    secret = client(running).get_secret("client-state-key")
    assert secret.value == "newest"
    assert len(secret.properties.version or "") == 32
    age = datetime.now(UTC) - (secret.properties.created_on or datetime.now(UTC))
    assert timedelta(hours=23) < age < timedelta(hours=25)
    assert secret.properties.enabled


def test_the_challenge_names_login_and_resource(running: Running) -> None:
    """The library reads scope and tenant from the 401."""
    credential = ByMsal(running)
    SecretClient(running.url, credential, verify_challenge_resource=False).get_secret("dated")
    assert credential.challenges == [("https://vault.azure.net/.default", TENANT_ID)]


def test_the_challenge_is_not_for_a_foreign_host(running: Running) -> None:
    """With its check the library rejects a vault whose host is not the resource's: so the setting is needed."""
    with pytest.raises(ValueError, match="does not match the requested domain"):
        SecretClient(running.url, ByMsal(running)).get_secret("dated")


@pytest.mark.parametrize("header", [None, "Bearer rubbish"])
def test_without_a_valid_token_there_is_a_challenge(running: Running, header: str | None) -> None:
    """The 401 has WWW-Authenticate, and Key Vault's error body."""
    answer = running.call(
        "GET", "/secrets/dated", params={"api-version": "7.4"}, headers={"Authorization": header} if header else {}
    )
    expected = f'Bearer authorization="{running.authority}", resource="https://vault.azure.net"'
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, expected)
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_graphs_token_does_not_open_the_vault(running: Running) -> None:
    """A token for Graph gets 401 and AKV10022."""
    answer = running.call(
        "GET",
        "/secrets/dated",
        params={"api-version": "7.4"},
        headers={"Authorization": f"Bearer {running.token(GRAPH)}"},
    )
    assert answer.status_code == 401
    assert "AKV10022: Invalid audience" in answer.json()["error"]["message"]


def test_a_managed_identity_reads_too(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system-assigned identity of the seed has vault access; the user-assigned one does not."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", running.addresses.identity_url)
    monkeypatch.setenv("IDENTITY_HEADER", "identity-header")
    allowed = SecretClient(running.url, ManagedIdentityCredential(), verify_challenge_resource=False)
    assert allowed.get_secret("dated").value == "dated"
    denied = SecretClient(
        running.url, ManagedIdentityCredential(client_id=USER_ASSIGNED), verify_challenge_resource=False
    )
    with pytest.raises(HttpResponseError) as caught:
        denied.get_secret("dated")
    error = caught.value.error
    assert error is not None
    assert (caught.value.status_code, error.code) == (403, "Forbidden")
    assert error.innererror is not None
    assert error.innererror["code"] == "ForbiddenByRbac"


def test_each_version_can_be_read(running: Running) -> None:
    """The properties of the versions lead to each value; by date they are in the seed's order."""
    vault = client(running)
    listed = vault.list_properties_of_secret_versions("client-state-key")
    versions = {each.created_on: each.version for each in listed if each.created_on is not None}
    dates = sorted(versions)
    values = [vault.get_secret("client-state-key", versions[date]).value for date in dates]
    assert values == ["oldest", "middle", "newest"]
    assert [later - sooner for sooner, later in pairwise(dates)] == [timedelta(days=90)] * 2


def test_versions_come_in_pages_and_in_no_order_of_age(running: Running) -> None:
    """30 versions need two pages, and each is listed once, sorted by its id."""
    for number in range(27):
        running.control("POST", "/secrets", {"name": "client-state-key", "value": str(number)})
    listed = client(running).list_properties_of_secret_versions("client-state-key")
    versions = [each.version for each in listed if each.version is not None]
    assert len(set(versions)) == len(versions) == 30
    assert versions == sorted(versions)
    status, page = get(running, "/secrets/client-state-key/versions", maxresults="10")
    assert (status, len(page["value"])) == (200, 10)
    assert str(page["nextLink"]).startswith(f"{running.url}/secrets/client-state-key/versions?")


def test_a_seeded_date_is_kept(running: Running) -> None:
    """A secret seeded with `created` has that date, also as its update."""
    properties = client(running).get_secret("dated").properties
    assert properties.created_on == properties.updated_on == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_version_added_by_control_is_the_newest(running: Running) -> None:
    """Its date is the tenant's time, and get_secret returns it."""
    running.tenant.clock.advance(30 * 86400)
    version = running.control("POST", "/secrets", {"name": "client-state-key", "value": "rotated"}).json()["version"]
    secret = client(running).get_secret("client-state-key")
    assert (secret.value, secret.properties.version) == ("rotated", version)
    assert secret.properties.created_on is not None
    assert secret.properties.created_on > datetime.now(UTC) + timedelta(days=29)


def test_a_version_added_with_an_old_date_is_not_the_newest(running: Running) -> None:
    """The newest version is the one with the latest date."""
    old = {"name": "dated", "value": "older", "created": "2025-01-02T03:04:05Z"}
    assert running.control("POST", "/secrets", old).status_code == 201
    assert client(running).get_secret("dated").value == "dated"


def test_a_disabled_version_is_not_read(running: Running) -> None:
    """A disabled newest version gets 403, SecretDisabled."""
    running.control("POST", "/secrets", {"name": "dated", "value": "x", "enabled": False})
    status, error = get(running, "/secrets/dated")
    assert (status, error["code"], error["innererror"]) == (403, "Forbidden", {"code": "SecretDisabled"})


def test_an_unknown_secret_is_not_found(running: Running) -> None:
    """An unknown name, and an unknown version of a known one, get SecretNotFound; the list of versions is empty."""
    vault = client(running)
    for name, version in (("nothing", None), ("dated", "0" * 32)):
        with pytest.raises(ResourceNotFoundError) as caught:
            vault.get_secret(name, version)
        assert caught.value.error is not None
        assert caught.value.error.code == "SecretNotFound"
    assert list(vault.list_properties_of_secret_versions("nothing")) == []


def test_names_ignore_case(running: Running) -> None:
    """Key Vault's names are the same in any case."""
    assert client(running).get_secret("Client-State-Key").value == "newest"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/secrets/dated", {"api-version": ""}),
        ("/secrets/dated", {"api-version": "1.0"}),
        ("/secrets/under_score", {}),
        ("/secrets/dated/versions", {"maxresults": "26"}),
        ("/secrets/dated/versions", {"maxresults": "0"}),
        ("/secrets/dated/versions", {"$skiptoken": "x"}),
    ],
)
def test_a_bad_parameter_is_refused(running: Running, path: str, query: dict[str, str]) -> None:
    """Version, name and paging are checked: 400 BadParameter."""
    status, error = get(running, path, **query)
    assert (status, error["code"]) == (400, "BadParameter")


def test_vault_access_can_be_withdrawn(running: Running) -> None:
    """After control removes vault access, the next read gets 403; an expired token would get 401."""
    vault = client(running)
    assert vault.get_secret("dated").value == "dated"
    running.control("POST", f"/clients/{CLIENT_ID}", {"vault": False})
    with pytest.raises(HttpResponseError, match="not authorized") as caught:
        vault.get_secret("dated")
    assert not isinstance(caught.value, ClientAuthenticationError)
