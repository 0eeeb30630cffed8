"""The two routes of every protected function: with a function key, and with a token below /entra."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from functions import (
    dead_letters,
    health,
    many_subscriptions,
    relay_state,
    resync,
    room_lists,
    subscriptions,
    unknown_subscriptions,
)
from functions.auth import address, caller_of
from shared.auth.authenticator import Authenticator
from shared.auth.caller import ADMIN, READ, SETUP
from shared.auth.claims import expected_of
from shared.auth.rate_limit import CallRateLimiter
from shared.config import Settings
from shared.errors import ServiceUnavailable
from tests.support.minting import PARTNER, RELAY, TENANT, token
from tests.support.world import MAILBOX
from tests.unit.functions.conftest import HostWorld, content_of

MODULES = (
    subscriptions, many_subscriptions, room_lists, resync, health, relay_state, dead_letters, unknown_subscriptions,
)  # fmt: skip
ROLES = {
    "list_subscriptions": READ, "get_subscription": READ, "list_room_lists": READ, "get_room_list": READ,
    "health_checks": READ, "query_subscriptions": READ,
    "create_subscription": SETUP, "create_many_subscriptions": SETUP, "create_room_list": SETUP,
    "delete_subscription": SETUP, "delete_room_list": SETUP,
    "resync_subscription": ADMIN, "get_relay": ADMIN, "pause_relay": ADMIN, "resume_relay": ADMIN,
    "stop_relay": ADMIN, "start_relay": ADMIN,
    "list_dead_letters": ADMIN, "delete_dead_letters": ADMIN, "replay_dead_letters": ADMIN, "get_replay": ADMIN,
    "list_unknown_subscriptions": ADMIN, "delete_unknown_subscriptions": ADMIN,
}  # fmt: skip


def _registered() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield name, trigger and function of every protected HTTP function."""
    for module in MODULES:
        for builder in module.blueprint._function_builders:
            function = builder._function
            trigger = function.get_trigger().get_dict_repr()
            if trigger["type"] == "httpTrigger" and function.get_function_name() != "health":
                yield function.get_function_name(), trigger, function.get_user_function()


FUNCTIONS = {name: (trigger, function) for name, trigger, function in _registered()}


@pytest.fixture
def tenant(world: HostWorld) -> HostWorld:
    """Return a world whose tenant and app have the ids of the tests' tokens."""
    changes = {"tenant_id": TENANT, "client_id": RELAY}
    world.settings = world.settings.model_copy(update=changes)
    assert expected_of(world.settings).tenant_id == TENANT
    return world


def sent(name: str, body: bytes = b"{}", /, **headers: str) -> func.HttpResponse:
    """Call a function as the host does."""
    trigger, function = FUNCTIONS[name]
    request = func.HttpRequest(
        str(trigger["methods"][0]), "https://relay.example/x", headers=headers, params={}, body=body,
        route_params={"id": "0" * 32},
    )  # fmt: skip
    answer: func.HttpResponse = function(request)
    return answer


def test_each_function_has_a_route_for_keys_and_a_route_for_tokens() -> None:
    """The token route is the same below /entra with the same methods, and each route has its own check."""
    assert FUNCTIONS.keys() == ROLES.keys() | {f"{name}_entra" for name in ROLES}
    for name, role in ROLES.items():
        (keyed, _), (tokens, _) = FUNCTIONS[name], FUNCTIONS[f"{name}_entra"]
        assert (tokens["route"], tokens["methods"]) == (f"entra/{keyed['route']}", keyed["methods"])
        assert str(keyed["authLevel"]).endswith("ADMIN" if role == ADMIN else "FUNCTION"), name
        assert str(tokens["authLevel"]).endswith("ANONYMOUS"), name
        assert list(inspect.signature(FUNCTIONS[f"{name}_entra"][1]).parameters) == ["req"]


@pytest.mark.parametrize("name", ROLES)
def test_the_token_route_rejects_a_call_without_a_valid_token(tenant: HostWorld, name: str) -> None:
    """Without a valid token the response is 401 with WWW-Authenticate, whatever else is sent, and nothing changes."""
    tenant.watch()
    before = dict(tenant.rows.rows)
    for headers in ({}, {"x-functions-key": "k"}, {"X-MS-CLIENT-PRINCIPAL": "e30="}, {"authorization": "Basic x"}):
        answer = sent(f"{name}_entra", **headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="calendar-relay"'
    refused = sent(f"{name}_entra", authorization=f"Bearer {token(aud='https://graph.microsoft.com', roles=[ADMIN])}")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="calendar-relay", error="invalid_token"'
    assert tenant.rows.rows == before


@pytest.mark.parametrize("name", ROLES)
def test_each_function_requires_its_role(tenant: HostWorld, name: str) -> None:
    """The next lower role is a 403 that names the missing role; with the role the call reaches the handler."""
    order = [None, READ, SETUP, ADMIN]
    below, role = order[order.index(ROLES[name]) - 1], ROLES[name]
    refused = sent(f"{name}_entra", authorization=f"Bearer {token(roles=[below] if below else [])}")
    assert (refused.status_code, role in content_of(refused)["detail"]) == (403, True)
    passed = sent(f"{name}_entra", authorization=f"Bearer {token(roles=[role])}")
    assert passed.status_code not in (401, 403, 500)


@pytest.mark.parametrize("name", ROLES)
def test_function_keys_can_be_disabled(world: HostWorld, name: str) -> None:
    """The 403 names the route for tokens."""
    world.settings = world.settings.model_copy(update={"caller_keys": False})
    answer = sent(name)
    assert answer.status_code == 403
    assert f"/api/{FUNCTIONS[name + '_entra'][0]['route']}" in content_of(answer)["detail"]


@pytest.mark.parametrize("name", ROLES)
def test_a_body_has_a_size_limit(world: HostWorld, name: str) -> None:
    """A body above the limit is a 413 before it is parsed."""
    assert sent(name, b"[" * 65_537).status_code == 413
    assert sent(name, b" " * 65_536).status_code != 413


def test_a_reader_does_not_see_the_query_of_a_notification_url(tenant: HostWorld) -> None:
    """It may hold a key of the partner's, which who may set up a watch has chosen."""
    tenant.settings = tenant.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    url = "https://partner.example/graph?code=canary"
    body = json.dumps({"mailbox": MAILBOX, "delivery": "direct", "notificationUrl": url}).encode()
    created = content_of(sent("create_subscription", body))
    assert created["notificationUrl"] == url
    trigger, query = FUNCTIONS["get_subscription_entra"][1], json.dumps({"mailboxes": [MAILBOX]}).encode()
    for role, seen in ((READ, "https://partner.example/graph"), (SETUP, url)):
        headers = {"authorization": f"Bearer {token(roles=[role])}"}
        [listed] = content_of(sent("list_subscriptions_entra", **headers))["value"]
        request = func.HttpRequest(
            "GET", "https://relay.example/x", headers=headers, body=b"", route_params={"id": created["id"]}
        )
        assert content_of(trigger(request))["notificationUrl"] == listed["notificationUrl"] == seen
        assert content_of(sent("query_subscriptions_entra", query, **headers))["value"] == [listed]
        assert ("clientState" in listed) is (role == SETUP)
    [by_key] = content_of(sent("list_subscriptions"))["value"]
    assert by_key["notificationUrl"] == url


def test_links_keep_the_route_of_the_caller(tenant: HostWorld) -> None:
    """A caller with a token has no function key to follow other links."""
    body = json.dumps({"mailbox": MAILBOX}).encode()
    by_token = sent("create_subscription_entra", body, authorization=f"Bearer {token()}")
    by_key = sent("create_subscription", body)
    assert (by_token.status_code, by_key.status_code) == (201, 200)
    there = content_of(by_key)["id"]
    assert by_token.headers["Location"] == f"https://relay.example/api/entra/subscriptions/{there}"
    assert by_key.headers["Location"] == f"https://relay.example/api/subscriptions/{there}"


def test_the_audit_log_names_the_caller(tenant: HostWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The caller is the app's id or the kind of key."""
    body = b'{"reason": "A change freeze"}'
    sent("pause_relay_entra", body, authorization=f"Bearer {token(roles=[ADMIN])}")
    sent("pause_relay", body)
    callers = [vars(record)["caller"] for record in caplog.records if record.name == "relay.audit"]
    assert callers == [PARTNER, "master key"]


def test_the_caller_is_unavailable_before_authentication(world: HostWorld) -> None:
    """A handler that reads it earlier has a bug and gets a KeyError."""
    request = func.HttpRequest("GET", "https://relay.example/x", body=b"")
    with pytest.raises(KeyError):
        caller_of(request)
    with pytest.raises(KeyError):
        address(request, "subscriptions")


@pytest.mark.parametrize("name", ROLES)
def test_each_answer_to_a_recognized_caller_has_its_rate_limit(tenant: HostWorld, name: str) -> None:
    """Also a refusal for a missing role; who is not recognized has no limit of its own."""
    below = sent(f"{name}_entra", authorization=f"Bearer {token(roles=[])}")
    for answer in (sent(name), below, sent(name, b"[" * 65_537)):
        assert all(name in answer.headers for name in ("RateLimit", "RateLimit-Policy")), answer.status_code
    assert "RateLimit" not in sent(f"{name}_entra").headers


def test_a_call_for_several_mailboxes_shows_what_it_cost(world: HostWorld) -> None:
    """The header is written after the call was charged."""
    body = json.dumps({"mailboxes": [f"room{number}@contoso.com" for number in range(5)]}).encode()
    left = [sent("list_subscriptions").headers["RateLimit"], sent("create_subscription", body).headers["RateLimit"]]
    assert [each.partition(";t=")[0] for each in left] == ['"calls";r=299', '"calls";r=294']


def test_an_outage_of_entra_id_is_503(tenant: HostWorld) -> None:
    """The token may be valid, so the response has Retry-After."""

    def away(_: str) -> None:
        raise ServiceUnavailable("login")

    tenant.authenticator = Authenticator(tenant.settings, lambda: away, CallRateLimiter())
    answer = sent("list_subscriptions_entra", authorization=f"Bearer {token()}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(
    "authorization", ["", f"Bearer {token()}", "Bearer x"], ids=["none", "without a role", "invalid"]
)
def test_a_broken_setting_is_named_to_recognized_callers_only(tenant: HostWorld, authorization: str) -> None:
    """Who has no valid token yet gets one sentence; a caller with a key, which the host has checked, gets the name."""
    tenant.settings = Settings.load({"CLIENT_ID": RELAY, "CALLER_KEYS": "perhaps"})
    unrecognized = sent("list_subscriptions_entra", authorization=authorization)
    assert (unrecognized.status_code, content_of(unrecognized)["code"]) == (503, "relay_misconfigured")
    assert content_of(unrecognized)["detail"] == "The customer's IT must correct the relay's configuration."
    by_key = sent("list_subscriptions")
    assert (by_key.status_code, "CALLER_KEYS" in content_of(by_key)["detail"]) == (503, True)


def test_a_broken_setting_of_a_service_is_named_to_a_caller_with_a_token(tenant: HostWorld) -> None:
    """The caller is recognized before the service reads the setting."""
    given = {"TENANT_ID": TENANT, "CLIENT_ID": RELAY, "PUBLIC_BASE_URL": "http://x", "ALLOWED_MAILBOXES": MAILBOX}
    tenant.settings = Settings.load(given)
    body = json.dumps({"mailbox": MAILBOX}).encode()
    answer = sent("create_subscription_entra", body, authorization=f"Bearer {token()}")
    assert (answer.status_code, "PUBLIC_BASE_URL" in content_of(answer)["detail"]) == (503, True)


def test_too_many_calls_are_429(world: HostWorld) -> None:
    """Retry-After is in whole seconds. Each answer says how many calls are left, and when there is another."""
    world.settings = world.settings.model_copy(update={"calls_per_minute": 7})
    answers = [sent("list_subscriptions") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    assert answers[-1].headers["Retry-After"] == "9"
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"calls";q=7;w=60'}
    assert answers[0].headers["RateLimit"] == '"calls";r=6;t=9'
    assert [answer.headers["RateLimit"] for answer in answers[-2:]] == ['"calls";r=0;t=9'] * 2
    assert sent("resync_subscription").status_code == 404  # the master key is another caller
