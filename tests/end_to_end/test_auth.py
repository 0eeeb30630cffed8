"""Claims about access to the running relay: keys, tokens and limits."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.stack import Stack
from shared.features import BY_NAME
from tests.support.relay import Relay
from tests.support.restartable_relay import relay_with
from tools.openapi.routes import operations

ADMINISTRATORS = (("GET", "/relay"), ("POST", "/relay/pause"), ("POST", "/relay/resume"), ("GET", "/dead-letters"),
                  ("DELETE", "/dead-letters?all=true"), ("POST", "/dead-letters/replay"))  # fmt: skip

LOGINS_KEYS = ".*/discovery/v2.0/keys"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack without a host."""
    with Stack(tmp_path_factory.mktemp("auth"), host=False) as stack:
        yield stack


def _problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """Check that a response is problem details with this status, and return them."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    return problem


@pytest.mark.parametrize("version", [1, 2])
def test_the_partners_app_works_with_a_token_alone(relay: Relay, version: int) -> None:
    """With tokens of both versions, and no key, the partner's app creates, reads and deletes a watch."""
    relay.tenant.control("POST", f"/clients/{relay.client_id}/api", {"accessTokenVersion": version})
    token, address = relay.token("Relay.Setup"), relay.mailbox()
    assert jwt.decode(token, options={"verify_signature": False})["ver"] == f"{version}.0"
    created = relay.api.call("POST", "/subscriptions", token=token, json={"mailbox": address})
    assert created.status_code == 201, created.text
    path = created.headers["Location"].removeprefix(f"{relay.api.url}/api/entra")
    read = relay.api.call("GET", path, token=token)
    assert read.json() == created.json()
    for answer in (created, read):  # the host adds and removes nothing
        assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    page = relay.api.call("GET", "/subscriptions?pageSize=1", token=token).json()
    assert page["nextLink"].startswith(f"{relay.api.url}/api/entra/subscriptions?")
    event = relay.book(address)["id"]
    relay.in_step(address)
    assert relay.received(address).keys() == relay.expected(address).keys()
    assert event
    assert relay.api.call("DELETE", path, token=token).status_code == 204
    assert relay.subscriptions(address) == []


def test_a_token_without_the_role_opens_nothing(relay: Relay) -> None:
    """A call without the needed role gets 403, and the detail names the role."""
    address = relay.mailbox()
    for roles, method, path, missing in (
        ((), "GET", "/subscriptions", "Relay.Read"),
        (("Relay.Read",), "POST", "/subscriptions", "Relay.Setup"),
        (("Relay.Setup",), "POST", f"/subscriptions/{'0' * 32}/resync", "Relay.Admin"),
    ):
        answer = relay.api.call(method, path, token=relay.token(*roles), json={"mailbox": address})
        assert missing in _problem(answer, 403)["detail"]
    assert relay.api.call("GET", "/subscriptions", token=relay.token("Relay.Read")).status_code == 200
    assert relay.watches(address) == relay.subscriptions(address) == []


@pytest.mark.parametrize(("method", "path"), ADMINISTRATORS)
def test_administration_is_for_administrators(relay: Relay, method: str, path: str) -> None:
    """A missing or invalid token gets 401, the partner's role 403, and deliveries continue."""
    now = int(time.time())
    invalid = [
        "", "garbage", relay.token("Relay.Admin", scope="https://graph.microsoft.com"),
        relay.token("Relay.Admin", tid="9188040d-6c67-4c5b-b112-36a304b66dad"),
        relay.token("Relay.Admin", exp=now - 300, nbf=now - 4000, iat=now - 4000),
        relay.token("Relay.Admin", iss="https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/"),
        relay.token("Relay.Admin", scp="user_impersonation"),
    ]  # fmt: skip
    for token in invalid:
        answer = relay.api.call(method, path, token=token, json={"reason": "Not by me"})
        _problem(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    partner = relay.api.call(method, path, token=relay.token("Relay.Setup"), json={"reason": "Not by me"})
    assert "Relay.Admin" in _problem(partner, 403)["detail"]
    assert relay.api.call(method, path, json={"reason": "Not by me"}).status_code == 401  # the function key
    state = relay.api.call("GET", "/relay", token=relay.token("Relay.Admin"))
    assert (state.status_code, state.json()["state"]) == (200, "flowing"), state.text
    log = relay.stack.host.log.read_text()
    assert not [token for token in invalid if len(token) > 20 and (token in log or token.split(".")[2] in log)]


@pytest.mark.long
def test_keys_can_be_turned_off(stack: Stack) -> None:
    """With CALLER_KEYS=false every key gets 403 with the address for tokens; anonymous routes still work."""
    with relay_with(stack, CALLER_KEYS="false") as relay:
        for key in ("function", "master"):
            refused = _problem(relay.api.call("GET", "/subscriptions", key=key), 403)
            assert "/api/entra/subscriptions" in refused["detail"]
        assert relay.api.call("GET", "/subscriptions", token=relay.token("Relay.Read")).status_code == 200
        assert relay.api.call("GET", "/health", key=None).status_code == 200
        assert relay.api.call("POST", "/notifications?validationToken=abc", key=None).text == "abc"


@pytest.mark.long
def test_limits_have_clear_answers(stack: Stack) -> None:
    """Too many calls get 429 with Retry-After, a large body 413, too many watches 409; callers count separately."""
    with relay_with(stack, CALLS_PER_MINUTE="6", MOST_WATCHES="1") as relay:
        token = relay.token("Relay.Setup")
        bodies = [{"mailbox": relay.mailbox()} for _ in range(2)]
        responses = [relay.api.call("POST", "/subscriptions", token=token, json=body) for body in bodies]
        assert responses[0].status_code == 201, responses[0].text
        assert "MOST_WATCHES" in _problem(responses[1], 409)["detail"]
        assert relay.api.call("POST", "/subscriptions", token=token, json=bodies[0]).status_code == 200
        large = relay.api.call("POST", "/subscriptions", token=token, data=b"x" * 65_537)
        assert "65536" in _problem(large, 413)["detail"]
        answers = [relay.api.call("GET", "/subscriptions", token=token) for _ in range(4)]
        assert "6 calls" in _problem(answers[-1], 429)["detail"]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 10
        assert relay.api.call("GET", "/subscriptions").status_code == 200
        watch = responses[0].json()["id"]
        assert relay.api.call("DELETE", f"/subscriptions/{watch}").status_code == 204


@pytest.mark.long
def test_cached_keys_verify_tokens_while_login_is_down(stack: Stack) -> None:
    """The cached keys still verify tokens. An unknown key id may be new: it is asked for once in half a minute."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with relay_with(stack) as relay:
        token = relay.token("Relay.Read")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert relay.api.call("GET", "/subscriptions", token=token).status_code == 200
        relay.fault(LOGINS_KEYS, status=503)
        for number in range(30):
            forged = jwt.encode(claims, stranger, "RS256", {"kid": f"made-up-{number}"})
            answer = relay.api.call("GET", "/subscriptions", token=forged)
            assert "login" in _problem(answer, 503)["detail"]
            assert answer.headers["Retry-After"] == "30"
        assert relay.api.call("GET", "/subscriptions", token=token).status_code == 200
        assert [fault["met"] for fault in relay.tenant.control("GET", "/faults")["faults"]] == [1]
        relay.clear()


@pytest.mark.long
def test_the_first_token_of_a_new_signing_key_is_accepted(stack: Stack) -> None:
    """Its first token is accepted, however recently the keys were read. Key ids of a stranger are 401."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with relay_with(stack) as relay:
        assert relay.api.call("GET", "/subscriptions", token=relay.token("Relay.Read")).status_code == 200
        for _ in range(2):
            relay.tenant.control("POST", "/signing-keys", {})
            token = relay.token("Relay.Read")
            assert relay.api.call("GET", "/subscriptions", token=token).status_code == 200
        claims = jwt.decode(token, options={"verify_signature": False}) | {"aud": "api://another"}
        for number in range(30):
            forged = jwt.encode(claims, stranger, "RS256", {"kid": f"made-up-{number}"})
            _problem(relay.api.call("GET", "/subscriptions", token=forged), 401)


@pytest.mark.long
def test_without_signing_keys_a_token_gets_503(stack: Stack) -> None:
    """If login is down from the start, a token gets 503 with Retry-After, because it may be valid; keys still work."""
    with relay_with(stack) as relay:
        token = relay.token("Relay.Read")
        relay.fault(LOGINS_KEYS, status=503)
        for _ in range(5):
            answer = relay.api.call("GET", "/subscriptions", token=token)
            assert "login" in _problem(answer, 503)["detail"]
            assert answer.headers["Retry-After"] == "30"
        assert [fault["met"] for fault in relay.tenant.control("GET", "/faults")["faults"]] == [1]
        assert relay.api.call("GET", "/subscriptions").status_code == 200
        relay.clear()


@pytest.mark.long
def test_the_header_of_app_service_authentication_proves_nothing(stack: Stack) -> None:
    """It is not signed. The setting that once trusted it has no effect, and the health checks say so."""
    tenant_id = stack.seed["tenantId"]
    claims = {
        "tid": tenant_id,
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "roles": "Relay.Admin",
        "aud": stack.seed["clients"][0]["clientId"],
        "appid": stack.seed["clients"][1]["clientId"],
    }
    principal = {"auth_typ": "aad", "claims": [{"typ": name, "val": value} for name, value in claims.items()]}
    header = {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(principal).encode()).decode()}
    with relay_with(stack, TRUST_APP_SERVICE_AUTH="true", WEBSITE_AUTH_ENABLED="True") as relay:
        _problem(relay.api.call("GET", "/subscriptions", token="", headers=header), 401)
        token = relay.token("Relay.Read")
        assert relay.api.call("GET", "/subscriptions", token=token, headers=header).status_code == 200
        _problem(relay.api.call("POST", "/relay/pause", token=token, headers=header, json={"reason": "x"}), 403)
        checks = relay.api.call("GET", "/health/checks", token=token).json()["checks"]
        assert "TRUST_APP_SERVICE_AUTH" in checks["settings"]["detail"]
        assert [name for name, check in checks.items() if not check["ok"]] == ["settings"]


@pytest.mark.long
def test_a_disabled_feature_has_no_route(stack: Stack) -> None:
    """By default every feature is off: each of its routes is 501, even with the master key, and names the feature."""
    disabled = [route for route in operations() if route.feature in BY_NAME]
    assert {route.feature for route in disabled} == set(BY_NAME)
    with relay_with(stack) as relay:
        for route in disabled:
            path = "/" + re.sub(r"\{\w+\}", "room1@contoso.com", route.route)
            unchecked = {"response": [lambda answer, **_: answer]}
            answer = relay.api.call(route.method.upper(), path, key="master", hooks=unchecked)
            assert (answer.status_code, answer.json()["code"]) == (501, "feature_off"), route.function
            assert f"the feature {route.feature}," in answer.json()["detail"]
