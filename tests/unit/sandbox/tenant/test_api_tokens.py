"""Tokens for an app's own API are as Entra's, by the API's version and the roles assigned there."""

from typing import Any

import jwt
import pytest

from sandbox.tenant.tokens import GRAPH, Refused
from tests.support.running_tenant import CLIENT_ID, SECRET, TENANT_ID, Running

pytestmark = pytest.mark.server

API = "99999999-aaaa-4bbb-8ccc-dddddddddddd"


@pytest.fixture
def seed(seed: dict[str, Any]) -> dict[str, Any]:
    """Return the seed with an app that has an API."""
    api = {"clientId": API, "secrets": ["api-secret"], "appRoles": ["Relay.Read", "Relay.Setup"]}
    mine = {**seed["clients"][0], "assigned": {API.upper(): ["Relay.Setup"]}}
    return {**seed, "clients": [mine, api]}


def verified(running: Running, token: str) -> dict[str, Any]:
    """Return the claims of a token that one of the published keys verifies."""
    published = running.call("GET", f"/{TENANT_ID}/discovery/v2.0/keys").json()["keys"]
    keys = {one["kid"]: jwt.PyJWK(one, "RS256") for one in published}
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, ["RS256"], {"verify_aud": False})
    return claims


def test_a_token_of_version_1_names_the_requested_address(running: Running) -> None:
    """It has the app as appid, and the v1 issuer."""
    claims = verified(running, running.token(f"api://{API}"))
    assert (claims["ver"], claims["aud"], claims["appid"]) == ("1.0", f"api://{API}", CLIENT_ID)
    assert claims["iss"] == f"https://sts.windows.net/{TENANT_ID}/"
    assert (claims["roles"], claims["tid"]) == (["Relay.Setup"], TENANT_ID)
    assert verified(running, running.token(API))["aud"] == API


def test_a_token_of_version_2_names_the_apps_id(running: Running) -> None:
    """The audience does not depend on the request; the caller is azp."""
    running.control("POST", f"/clients/{API}/api", {"accessTokenVersion": 2})
    claims = verified(running, running.token(f"api://{API}"))
    assert (claims["ver"], claims["aud"], claims["azp"]) == ("2.0", API, CLIENT_ID)
    assert claims["iss"] == f"{running.url}/{TENANT_ID}/v2.0"
    assert not {"appid", "appidacr"} & claims.keys()
    assert claims["roles"] == ["Relay.Setup"]


def test_graphs_roles_and_an_apis_do_not_mix(running: Running) -> None:
    """Each token has the roles at its own resource, and Graph accepts no token for another API."""
    assert verified(running, running.token(GRAPH))["roles"] == ["Calendars.Read"]
    with pytest.raises(Refused, match="Invalid audience"):
        running.tenant.tokens.check(f"Bearer {running.token(API)}", GRAPH)


def test_an_app_without_app_roles_has_no_api(running: Running) -> None:
    """The error is AADSTS500011, as for an unknown name."""
    for name in (CLIENT_ID, f"api://{CLIENT_ID}", "api://nobody"):
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET,
                "scope": f"{name}/.default"}  # fmt: skip
        answer = running.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data=form)
        assert (answer.status_code, answer.json()["error_codes"]) == (400, [500011])


def test_roles_are_assigned_and_removed(running: Running) -> None:
    """Only roles of the API; without any the token has no such claim."""
    path = f"/clients/{API}/assignments"
    answer = running.control("POST", path, {"clientId": CLIENT_ID, "roles": ["Relay.Owner"]})
    assert (answer.status_code, "Relay.Owner" in answer.json()["error"]) == (400, True)
    assert running.control("POST", path, {"clientId": "nobody", "roles": []}).status_code == 404
    assert running.control("POST", path, {"clientId": CLIENT_ID, "roles": ["Relay.Read"]}).status_code == 200
    assert verified(running, running.token(API))["roles"] == ["Relay.Read"]
    running.control("POST", path, {"clientId": CLIENT_ID, "roles": []})
    assert "roles" not in verified(running, running.token(API))


def test_keys_are_rotated(running: Running) -> None:
    """The new key signs immediately; older ones verify until they are retired, at Graph too."""
    old = running.token(GRAPH)
    key_id = running.control("POST", "/signing-keys", {}).json()["kid"]
    new = running.token(GRAPH)
    assert jwt.get_unverified_header(new)["kid"] == key_id != jwt.get_unverified_header(old)["kid"]
    for token in (old, new):
        assert verified(running, token)
        assert running.tenant.tokens.check(f"Bearer {token}", GRAPH)
    last = running.control("POST", "/signing-keys", {"retire": True}).json()["kid"]
    published = running.call("GET", f"/{TENANT_ID}/discovery/v2.0/keys").json()["keys"]
    assert [one["kid"] for one in published] == [last]
    with pytest.raises(Refused, match="Signature"):
        running.tenant.tokens.check(f"Bearer {new}", GRAPH)


def test_a_token_can_be_forged_with_the_logins_own_signature(running: Running) -> None:
    """For tests of token validation; null removes a claim."""
    wish = {"clientId": CLIENT_ID, "audience": API, "claims": {"tid": "another", "roles": None}}
    answer = running.control("POST", "/tokens", wish)
    claims = verified(running, answer.json()["accessToken"])
    assert (claims["tid"], claims["aud"], "roles" in claims) == ("another", API, False)
    assert running.control("POST", "/tokens", wish | {"clientId": "nobody"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [(f"/clients/{API}/api", {"accessTokenVersion": 3}, "accessTokenVersion"), (f"/clients/{API}/api", {"x": 1}, "x"),
     (f"/clients/{API}/assignments", {"roles": []}, "clientId"), ("/signing-keys", {"retire": "all"}, "retire"),
     ("/tokens", {"clientId": CLIENT_ID, "audience": ""}, "audience")],
)  # fmt: skip
def test_the_error_for_a_bad_body_names_the_field(running: Running, path: str, body: Any, named: str) -> None:
    """A 400 names the wrong field."""
    answer = running.control("POST", path, body)
    assert (answer.status_code, named in answer.json()["error"]) == (400, True)


def test_a_token_names_its_kind_only_for_an_api_with_the_optional_claim(running: Running) -> None:
    """An app is proved by `oid` and `sub` in any case. Graph's own tokens name it always."""
    claims = verified(running, running.token(API))
    assert claims["oid"] == claims["sub"] == running.tenant.clients[CLIENT_ID.lower()].principal_id
    assert "idtyp" not in claims
    running.tenant.clients[API.lower()].optional_claims = {"idToken": [{"name": "idtyp"}]}
    assert "idtyp" not in verified(running, running.token(API))
    running.tenant.clients[API.lower()].optional_claims = {"accessToken": [{"name": "idtyp"}]}
    assert verified(running, running.token(API))["idtyp"] == "app"
    assert verified(running, running.token(GRAPH))["idtyp"] == "app"
