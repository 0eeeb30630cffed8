"""The steps of docs/operations.md for each secret, walked on a relay that is not restarted and loses no change."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.app_certificate import new_certificate
from tests.support.relay import Relay, ago
from tests.support.waiting import eventually

SETTINGS = {"SETTLE_SECONDS": "0.5", "SECRETS_KEPT_SECONDS": "1"}
APP = "22222222-3333-4444-5555-666666666666"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack that learns of a new version within a second, instead of five minutes."""
    with Relay.running(tmp_path_factory.mktemp("rotation"), SETTINGS) as relay:
        yield relay


def _new(relay: Relay, name: str, value: str, **age: float) -> None:
    """Add a version of a secret to the vault, as old as is said."""
    relay.tenant.control("POST", "/secrets", {"name": name, "value": value, "created": ago(**age)})


def _key_of(relay: Relay, address: str) -> str:
    """Return which key the clientState of a mailbox's subscription was made with."""
    return str(relay.subscriptions(address)[0]["clientState"].partition(".")[0])


def _keeps_up(relay: Relay, *addresses: str) -> dict[str, Any]:
    """Book in each mailbox, wait until the partner knows, and return the last delivery."""
    for address in addresses:
        relay.book(address, days=len(relay.expected(address)))
    relay.in_step(*addresses)
    return relay.posts(addresses[-1])[-1]


def test_the_client_state_key(relay: Relay) -> None:
    """A new version verifies at once and signs after a while; the old one is good until nothing uses it."""
    before = relay.watched()
    first = _key_of(relay, before)
    _new(relay, "client-state-key", token_urlsafe(32), minutes=12, seconds=-12)  # it may sign in twelve seconds
    fresh = relay.watched()
    assert _key_of(relay, fresh) == first, "another instance may not have read it yet"
    _keeps_up(relay, before)
    after = eventually(lambda: (room := relay.watched()) and _key_of(relay, room) != first and room, every=1)
    _keeps_up(relay, before, fresh, after)
    # Graph's subscriptions expire within a week, and with them the old clientState; here by hand.
    watch = relay.watches(before)[0]
    end = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": end})
    relay.age(watch, renewed=ago(days=6), expires=end)
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
    """Both sign while the partner learns the new one; then the new one alone."""
    room = relay.watched()
    old = relay.stack.seed["secrets"]["partner-signing-secret"][-1]
    new = "whsec_" + b64encode(token_bytes(32)).decode()

    def signers(wanted: list[bool]) -> Callable[[], bool]:
        return lambda: [_is_signed_by(_keeps_up(relay, room), secret) for secret in (old, new)] == wanted

    eventually(signers([True, False]))
    _new(relay, "partner-signing-secret", f"{old} {new}", minutes=-1)
    eventually(signers([True, True]), seconds=30)
    relay.partner.control("POST", "/secrets", {"secrets": [new]})
    _new(relay, "partner-signing-secret", new, minutes=-2)
    eventually(signers([False, True]), seconds=30)
    assert relay.partner.deliveries()["violations"] == []


def test_the_graph_client_secret(relay: Relay) -> None:
    """Both are good at login for a while; the vault has the new one, and the old one goes."""
    room, client = relay.watched(), f"/clients/{relay.client_id}"
    old = relay.stack.seed["clients"][0]["secrets"][0]
    new = token_urlsafe(24)
    relay.tenant.control("POST", client, {"addSecret": new})
    _new(relay, "graph-client-secret", new, minutes=-1)
    _keeps_up(relay, room)
    relay.tenant.control("POST", client, {"removeSecret": old})
    error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
    relay.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)  # the token has to be made anew
    _keeps_up(relay, room)


def test_the_graph_certificate(tmp_path: Path) -> None:
    """The same with certificates."""
    (old, old_kept), (new, new_kept) = new_certificate(), new_certificate()
    (tmp_path / "app.pem").write_text(old)
    seed = {
        "clients": [{"clientId": APP, "certificates": [str(tmp_path / "app.pem")], "roles": ["Calendars.Read"]}],
        "secrets": {"graph-certificate": [old_kept]},
    }
    with Relay.running(tmp_path / "stack", {**SETTINGS, "GRAPH_CREDENTIAL": "certificate"}, seed) as relay:
        room = relay.watched()
        _keeps_up(relay, room)
        relay.tenant.control("POST", f"/clients/{APP}", {"certificates": [old, new]})
        _new(relay, "graph-certificate", new_kept, minutes=-1)
        relay.tenant.control("POST", f"/clients/{APP}", {"certificates": [new]})
        error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
        relay.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)
        _keeps_up(relay, room)
