"""The login, called by the real MSAL, and its errors in Entra's shape."""

from typing import Any

import jwt
import msal
import pytest

from sandbox.tenant.tokens import GRAPH
from tests.support.running_tenant import CLIENT_ID, SECRET, TENANT_ID, USER_ASSIGNED, Running

pytestmark = pytest.mark.server

SCOPE = f"{GRAPH}/.default"
FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET, "scope": SCOPE}


def app(running: Running, credential: Any) -> msal.ConfidentialClientApplication:
    """Return MSAL's client as the product builds it."""
    return msal.ConfidentialClientApplication(
        CLIENT_ID, credential, authority=running.authority, instance_discovery=False
    )


def test_a_secret_gets_a_token(running: Running) -> None:
    """MSAL gets a bearer token for about an hour, with the client's roles, and Graph accepts it."""
    answer = app(running, SECRET).acquire_token_for_client([SCOPE])
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    caller = running.tenant.tokens.check(f"Bearer {answer['access_token']}", GRAPH)
    assert (caller.client_id, caller.roles) == (CLIENT_ID, frozenset({"Calendars.Read"}))


def test_the_published_key_verifies_a_token(running: Running) -> None:
    """The documented steps work: configuration, jwks_uri, key by the token's kid; for this tenant and common."""
    token = app(running, SECRET).acquire_token_for_client([SCOPE])["access_token"]
    for name in (TENANT_ID, "common"):
        configuration = running.call("GET", f"/{name}/v2.0/.well-known/openid-configuration").json()
        keys = running.call("GET", configuration["jwks_uri"].removeprefix(running.url)).json()
        key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=GRAPH)
        assert (claims["tid"], claims["appid"], claims["idtyp"]) == (TENANT_ID, CLIENT_ID, "app")


def test_the_v1_configuration_names_the_issuer_of_v1_tokens(running: Running) -> None:
    """The common configuration of v1.0 tokens has the sts.windows.net issuer with a placeholder."""
    configuration = running.call("GET", "/common/.well-known/openid-configuration").json()
    assert configuration["issuer"] == "https://sts.windows.net/{tenantid}/"
    ours = running.call("GET", f"/{TENANT_ID}/v2.0/.well-known/openid-configuration").json()
    assert ours["issuer"] == f"{running.url}/{TENANT_ID}/v2.0"


def test_a_wrong_secret_is_refused(running: Running) -> None:
    """MSAL reports invalid_client with AADSTS7000215."""
    answer = app(running, "wrong").acquire_token_for_client([SCOPE])
    assert answer["error"] == "invalid_client"
    assert "AADSTS7000215" in answer["error_description"]
    assert answer["error_codes"] == [7000215]


def test_a_rotated_secret(running: Running) -> None:
    """After a rotation by control the new secret works and the old one does not."""
    path = f"/clients/{CLIENT_ID}"
    assert running.control("POST", path, {"addSecret": "second"}).json()["secrets"] == 2
    assert "access_token" in app(running, SECRET).acquire_token_for_client([SCOPE])
    assert running.control("POST", path, {"removeSecret": SECRET}).json()["secrets"] == 1
    assert app(running, SECRET).acquire_token_for_client([SCOPE])["error_codes"] == [7000215]
    assert "access_token" in app(running, "second").acquire_token_for_client([SCOPE])


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"client_id": USER_ASSIGNED}, 400, "unauthorized_client", 700016),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": f"{GRAPH}/Calendars.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{SCOPE} https://vault.azure.net/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "https://example.com/.default"}, 400, "invalid_resource", 500011),
        ({"client_assertion": "x"}, 400, "invalid_request", 900144),
    ],
)
def test_a_refusal_has_entras_shape(
    running: Running, change: dict[str, str | None], status: int, error: str, code: int
) -> None:
    """Each invalid form gets its status, OAuth error and AADSTS number, with the caller's correlation id."""
    form = {key: value for key, value in {**FORM, **change}.items() if value is not None}
    answer = running.call(
        "POST", f"/{TENANT_ID}/oauth2/v2.0/token", data=form, headers={"client-request-id": "my-correlation"}
    )
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["correlation_id"] == "my-correlation"
    assert set(body) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }


def test_another_tenant_is_not_found(running: Running) -> None:
    """The id of another tenant gets AADSTS90002 at discovery and at the token endpoint, and no keys."""
    other = "0b1d7a52-0000-4000-8000-000000000000"
    found = running.call("GET", f"/{other}/v2.0/.well-known/openid-configuration")
    assert (found.status_code, found.json()["error"]) == (400, "invalid_tenant")
    asked = running.call("POST", f"/{other}/oauth2/v2.0/token", data=FORM)
    assert (asked.status_code, asked.json()["error_codes"]) == (400, [90002])
    assert running.call("GET", f"/{other}/discovery/v2.0/keys").status_code == 404


def test_a_token_keeps_the_requested_name_of_graph(running: Running) -> None:
    """The audience is the text before /.default: Graph's address, the sandbox's own, Graph's app id."""
    for audience in (GRAPH, f"{GRAPH}/", running.url, "00000003-0000-0000-c000-000000000000"):
        token = running.token(audience)
        assert jwt.decode(token, options={"verify_signature": False})["aud"] == audience
        assert running.tenant.tokens.check(f"Bearer {token}", GRAPH).client_id == CLIENT_ID
