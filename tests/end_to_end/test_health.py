"""Claims about health and broken settings: each broken setting is named, and other functions work."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Stack
from shared.version import VERSION
from tests.support.intake.case import Case, handshake
from tests.support.relay import Relay
from tests.support.restartable_relay import relay_with

CHECKS = {
    "settings", "keyVault", "graphToken", "storage", "reconciler", "watches", "oldestSubscriptionExpiry", "queueDepth",
    "partner", "deadLetters", "deniedSubscriptions", "changedSubscriptions", "unknownSubscriptions",
    "missingNotifications", "subscriptionLifetime", "clock", "version", "identifierKey", "unreadableRows", "renewals",
    "stop", "directDelivery", "mailboxOwners", "appointmentDeliveries", "dataverseReading", "dataverseHints",
    "dataverseHeld",
}  # fmt: skip
FUNCTIONS = {
    "create_subscription", "list_subscriptions", "get_subscription", "delete_subscription", "receive_notifications",
    "deliver_changes", "renew_subscriptions", "receive_lifecycle_events", "health", "health_checks",
}  # fmt: skip

BROKEN: dict[str, tuple[dict[str, str], dict[str, tuple[str, ...]], str]] = {
    "the credential, the partner's address and a number": (
        {"GRAPH_CREDENTIAL": "pigeon", "PARTNER_WEBHOOK_URL": "ftp://x", "SUBSCRIPTION_LIFETIME_MINUTES": "for ever"},
        {"settings": ("GRAPH_CREDENTIAL", "PARTNER_WEBHOOK_URL", "SUBSCRIPTION_LIFETIME_MINUTES"),
         "graphToken": ("GRAPH_CREDENTIAL",), "keyVault": ("PARTNER_WEBHOOK_URL",),
         "subscriptionLifetime": ("SUBSCRIPTION_LIFETIME_MINUTES",)},
        "GRAPH_CREDENTIAL",
    ),
    "no tenant, and an invalid public address": (
        {"TENANT_ID": "", "PUBLIC_BASE_URL": "http://us.example"},
        {"settings": ("TENANT_ID", "PUBLIC_BASE_URL"), "graphToken": ("TENANT_ID",)},
        "TENANT_ID",
    ),
    "a Key Vault reference that was not resolved": (
        {"KEY_VAULT_URI": "@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y)"},
        {"settings": ("KEY_VAULT_URI",), "keyVault": ("KEY_VAULT_URI",), "graphToken": ("KEY_VAULT_URI",)},
        "KEY_VAULT_URI",
    ),
    "secrets that the vault does not have": (
        {"CLIENT_STATE_KEY_NAME": "no-such-key", "GRAPH_CLIENT_SECRET_NAME": "no-such-secret"},
        {"keyVault": ("no-such-key",), "graphToken": ("no-such-secret",)},
        "no-such-secret",
    ),
    "an invalid signing secret, and an app that is unknown to login": (
        {"PARTNER_SIGNING_SECRET_NAME": "weak-secret", "CLIENT_ID": "11111111-2222-3333-4444-555555555555"},
        {"keyVault": ("weak-secret",), "graphToken": ("graph-client-secret", "AADSTS", "CLIENT_ID")},
        "CLIENT_ID",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack without a host."""
    seed = {"secrets": {"weak-secret": ["whsec_abc"]}}
    with Stack(tmp_path_factory.mktemp("broken"), seed=seed, host=False) as stack:
        yield stack


def test_a_sound_relay_is_up(relay: Relay) -> None:
    """The anonymous route says only "up"; with the key, every check is ok."""
    answer = relay.api.call("GET", "/health", key=None)
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})
    checks = relay.api.call("GET", "/health/checks")
    assert checks.status_code == 200, checks.text
    assert checks.json()["checks"].keys() == CHECKS
    assert all(check["ok"] for check in checks.json()["checks"].values())


def test_the_relay_says_what_runs(relay: Relay) -> None:
    """A checkout has no package. A token gets the version, and each line of the log ends with it."""
    anonymous = relay.api.call("GET", "/version", key=None)
    assert (anonymous.status_code, anonymous.json()) == (200, {"package": None})
    token = {"Authorization": f"Bearer {relay.token('Relay.Read')}"}
    recognized = relay.api.call("GET", "/version", key=None, headers=token)
    assert recognized.json() == {"package": None, "version": VERSION, "commit": None, "packageHash": None}
    assert relay.api.call("GET", "/version", key=None, headers={"Authorization": "Bearer x"}).status_code == 401
    log = relay.stack.host.log.read_text()
    assert f"relay.start version={VERSION} commit=none package=none v={VERSION}\n" in log
    assert all(line.endswith(f" v={VERSION}") for line in log.splitlines() if " relay.metric: " in line)


@pytest.mark.long
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_setting_names_itself_and_the_other_functions_work(stack: Stack, name: str) -> None:
    """The checks and the function that needs the setting name it; the anonymous route says only "down"."""
    settings, failed, needed = BROKEN[name]
    with relay_with(stack, **settings) as relay:
        assert set(relay.stack.host.ready["functions"]) >= FUNCTIONS
        answer = relay.api.call("GET", "/health", key=None)
        assert (answer.status_code, answer.json()) == (503, {"status": "down"})
        checks = relay.api.call("GET", "/health/checks").json()["checks"]
        assert {check for check, result in checks.items() if not result["ok"]} == failed.keys()
        for check, texts in failed.items():
            assert all(text in checks[check]["detail"] for text in texts), checks[check]
        refused = relay.api.call("POST", "/subscriptions", json={"mailbox": "room1@contoso.com"})
        _is_problem(refused, needed)
        _the_others_work(relay)
        assert relay.subscriptions("room1@contoso.com") == []


@pytest.mark.long
def test_a_private_address_is_refused_unless_allowed(stack: Stack) -> None:
    """Without ALLOW_LOOPBACK_ADDRESSES, neither the relay nor Graph may call a partner on this computer."""
    with relay_with(stack, ALLOW_LOOPBACK_ADDRESSES="", ALLOWED_NOTIFICATION_HOSTS="localhost") as relay:
        checks = relay.api.call("GET", "/health/checks").json()["checks"]
        assert {check for check, result in checks.items() if not result["ok"]} == {"settings", "keyVault"}
        assert "PARTNER_WEBHOOK_URL" in checks["settings"]["detail"]
        assert "ALLOW_PRIVATE_ADDRESSES" in checks["settings"]["detail"]
        request = {
            "mailbox": "room1@contoso.com",
            "delivery": "direct",
            "notificationUrl": "https://localhost:8443/graph",
        }
        refused = relay.api.call("POST", "/subscriptions", json=request)
        assert (refused.status_code, refused.json()["status"]) == (422, 422)
        assert "private network" in refused.json()["detail"]
        assert relay.subscriptions("room1@contoso.com") == []


def _is_problem(answer: Any, needed: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert needed in answer.json()["detail"]


def _the_others_work(relay: Relay) -> None:
    """Check that functions without a need for the broken settings work, and that no watch was stored."""
    listed = relay.api.call("GET", "/subscriptions")
    assert (listed.status_code, listed.json()["value"]) == (200, [])
    assert relay.api.call("GET", "/subscriptions/" + "0" * 32).status_code == 404
    assert relay.api.call("DELETE", "/subscriptions/" + "0" * 32).status_code == 204
    case: Case = handshake("validationToken=abc")
    assert relay.api.call("POST", case.path, key=None).text == "abc"


@pytest.mark.long
def test_a_wrong_storage_key_is_named(stack: Stack) -> None:
    """With a wrong storage key, the storage check names the setting, and callers get problem details."""
    connection_string = stack.azurite.connection_string
    key = connection_string.partition("AccountKey=")[2].partition(";")[0]
    with relay_with(stack, AzureWebJobsStorage=connection_string.replace(key, "A" * 86 + "==")) as relay:
        checks = relay.api.call("GET", "/health/checks").json()["checks"]
        assert {check for check, result in checks.items() if not result["ok"]} >= {"storage"}
        assert "AzureWebJobsStorage" in checks["storage"]["detail"]
        _is_problem(relay.api.call("GET", "/subscriptions"), "AzureWebJobsStorage")
