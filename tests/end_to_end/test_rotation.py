"""Claims about the rotation of each secret by docs/operations.md and secrets.md: no restart, no lost change."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.app_certificate import new_certificate
from tests.support.command_line import CommandLine
from tests.support.relay import Relay, ago
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

SETTINGS = {"SETTLE_SECONDS": "0.5", "SECRETS_KEPT_SECONDS": "1"}
APP = "22222222-3333-4444-5555-666666666666"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack that caches secrets for one second instead of five minutes."""
    with Relay.running(tmp_path_factory.mktemp("rotation"), SETTINGS) as relay:
        yield relay


def _new(relay: Relay, name: str, value: str, **age: float) -> None:
    """Add a version of a secret with this age to the vault."""
    relay.tenant.control("POST", "/secrets", {"name": name, "value": value, "created": ago(**age)})


def _rotate(relay: Relay, *arguments: str) -> Any:
    """Rotate a secret with a sign-in of the vault's officer, who knows no key of the relay; return the document."""
    seed, url = relay.stack.seed, relay.tenant.url
    relay.tenant.control("POST", f"/clients/{relay.client_id}", {"vaultOfficer": True})
    officer = {"AZURE_TENANT_ID": seed["tenantId"], "AZURE_CLIENT_ID": relay.client_id, "AZURE_AUTHORITY_HOST": url,
               "AZURE_CLIENT_SECRET": seed["clients"][0]["secrets"][0], "RELAY_VAULT_NAME": url,
               "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}  # fmt: skip
    done = CommandLine(relay)("rotate", *arguments, "--json", key=None, **officer)
    assert done.code == 0, done.err
    for version in relay.tenant.control("GET", f"/secrets/{arguments[0]}")["versions"]:
        assert not any(value in done.out + done.err for value in version["value"].split())
    return done.content


def _key_of(relay: Relay, address: str) -> str:
    """Return the key version in the clientState of a mailbox's subscription."""
    return str(relay.subscriptions(address)[0]["clientState"].partition(".")[0])


def _keeps_up(relay: Relay, *addresses: str) -> dict[str, Any]:
    """Book in each mailbox, wait for the deliveries, and return the last delivery."""
    for address in addresses:
        relay.book(address, days=len(relay.expected(address)))
    relay.in_step(*addresses)
    return relay.posts(addresses[-1])[-1]


def test_the_client_state_key(relay: Relay) -> None:
    """A new version verifies immediately and signs after a delay; the version before it still verifies."""
    before = relay.watched()
    first = _key_of(relay, before)
    added = _rotate(relay, "client-state-key")["version"]
    dated = {"version": added, "created": ago(minutes=12, seconds=-12)}  # it signs in twelve seconds
    relay.tenant.control("PATCH", "/secrets/client-state-key", dated)
    during = relay.watched()
    assert _key_of(relay, during) == first, "another instance may not have read the new version yet"
    _keeps_up(relay, before)

    def watched_with_the_new_key() -> str:
        room = relay.watched()
        return room if _key_of(relay, room) != first else ""

    after = eventually(watched_with_the_new_key, every=1)
    _keeps_up(relay, before, during, after)
    # Shortened here: in production every clientState is replaced within a week, when its subscription expires.
    watch = relay.watches(before)[0]
    expires = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": expires})
    relay.age(watch, renewed=ago(days=6), expires=expires)
    relay.reconcile()
    assert _key_of(relay, before) != first
    _keeps_up(relay, before, after)


def _is_signed_by(post: dict[str, Any], secret: str) -> bool:
    try:
        Webhook(secret).verify(post["raw"], post["headers"])
    except WebhookVerificationError:
        return False
    return True


def test_the_signing_secret(relay: Relay) -> None:
    """Both secrets sign until the partner has the new secret, then only the new secret."""
    room = relay.watched()
    old = relay.stack.seed["secrets"]["partner-signing-secret"][-1]

    def signers(expected: list[bool]) -> Callable[[], bool]:
        return lambda: [_is_signed_by(_keeps_up(relay, room), secret) for secret in (old, new)] == expected

    assert _is_signed_by(_keeps_up(relay, room), old)
    _rotate(relay, "partner-signing-secret")
    new = relay.tenant.control("GET", "/secrets/partner-signing-secret")["versions"][-1]["value"].split()[1]
    eventually(signers([True, True]))
    relay.partner.control("POST", "/secrets", {"secrets": [new]})
    _rotate(relay, "partner-signing-secret", "--finish")
    eventually(signers([False, True]))
    assert relay.partner.deliveries()["violations"] == []


def test_the_graph_client_secret(relay: Relay) -> None:
    """The relay changes to the new secret while login still accepts both."""
    room, client = relay.watched(), f"/clients/{relay.client_id}"
    old = relay.stack.seed["clients"][0]["secrets"][0]
    new = token_urlsafe(24)
    relay.tenant.control("POST", client, {"addSecret": new})
    _new(relay, "graph-client-secret", new, minutes=-1)
    _keeps_up(relay, room)
    relay.tenant.control("POST", client, {"removeSecret": old})
    error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
    relay.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)  # forces a new token
    _keeps_up(relay, room)


def test_the_graph_certificate(tmp_path: Path) -> None:
    """The relay changes to the new certificate while login still accepts both."""
    (old, old_pkcs12), (new, new_pkcs12) = new_certificate(), new_certificate()
    (tmp_path / "app.pem").write_text(old)
    seed = {
        "clients": [{"clientId": APP, "certificates": [str(tmp_path / "app.pem")], "roles": ["Calendars.Read"]}],
        "secrets": {"graph-certificate": [old_pkcs12]},
    }
    with Relay.running(tmp_path / "stack", {**SETTINGS, "GRAPH_CREDENTIAL": "certificate"}, seed) as relay:
        room = relay.watched()
        _keeps_up(relay, room)
        relay.tenant.control("POST", f"/clients/{APP}", {"certificates": [old, new]})
        _new(relay, "graph-certificate", new_pkcs12, minutes=-1)
        relay.tenant.control("POST", f"/clients/{APP}", {"certificates": [new]})
        error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
        relay.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)
        _keeps_up(relay, room)
