"""The steps of docs/operations.md for each secret, walked on a relay that is not restarted and loses no change."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.stack import Stack
from tests.end_to_end.new_certificate import new_certificate
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World, ago

SETTINGS = {"SETTLE_SECONDS": "0.5", "SECRETS_KEPT_SECONDS": "1"}
APP = "22222222-3333-4444-5555-666666666666"


@pytest.fixture(scope="module")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack that learns of a new version within a second, instead of five minutes."""
    with Stack(tmp_path_factory.mktemp("rotation"), SETTINGS) as stack:
        yield World(stack)


def _new(world: World, name: str, value: str, **age: float) -> None:
    """Add a version of a secret to the vault, as old as is said."""
    world.tenant.control("POST", "/secrets", {"name": name, "value": value, "created": ago(**age)})


def _key_of(world: World, address: str) -> str:
    """Return which key the clientState of a mailbox's subscription was made with."""
    return str(world.subscriptions(address)[0]["clientState"].partition(".")[0])


def _keeps_up(world: World, *addresses: str) -> dict[str, Any]:
    """Book in each mailbox, wait until the partner knows, and return the last delivery."""
    for address in addresses:
        world.book(address, days=len(world.truth(address)))
    world.in_step(*addresses)
    return world.posts(addresses[-1])[-1]


def test_the_client_state_key(rotating: World) -> None:
    """A new version verifies at once and signs after a while; the old one is good until nothing uses it."""
    before = rotating.watched()
    first = _key_of(rotating, before)
    _new(rotating, "client-state-key", token_urlsafe(32), minutes=12, seconds=-12)  # it may sign in twelve seconds
    fresh = rotating.watched()
    assert _key_of(rotating, fresh) == first, "another instance may not have read it yet"
    _keeps_up(rotating, before)
    after = eventually(lambda: (room := rotating.watched()) and _key_of(rotating, room) != first and room, every=1)
    _keeps_up(rotating, before, fresh, after)
    # Graph's subscriptions expire within a week, and with them the old clientState; here by hand.
    watch = rotating.watches(before)[0]
    end = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    rotating.tenant.control("PATCH", f"/subscriptions/{watch['graphSubscriptionId']}", {"expirationDateTime": end})
    rotating.age(watch, renewed=ago(days=6), expires=end)
    rotating.reconcile()
    assert _key_of(rotating, before) != first
    _keeps_up(rotating, before, after)


def _is_signed_by(post: dict[str, Any], secret: str) -> bool:
    try:
        Webhook(secret).verify(post["raw"], post["headers"])
    except WebhookVerificationError:
        return False
    return True


def test_the_signing_secret(rotating: World) -> None:
    """Both sign while the partner learns the new one; then the new one alone."""
    room = rotating.watched()
    old = rotating.stack.seed["secrets"]["partner-signing-secret"][-1]
    new = "whsec_" + b64encode(token_bytes(32)).decode()

    def signers(wanted: list[bool]) -> Callable[[], bool]:
        return lambda: [_is_signed_by(_keeps_up(rotating, room), secret) for secret in (old, new)] == wanted

    eventually(signers([True, False]))
    _new(rotating, "partner-signing-secret", f"{old} {new}", minutes=-1)
    eventually(signers([True, True]), seconds=30)
    rotating.partner.control("POST", "/secrets", {"secrets": [new]})
    _new(rotating, "partner-signing-secret", new, minutes=-2)
    eventually(signers([False, True]), seconds=30)
    assert rotating.partner.deliveries()["violations"] == []


def test_the_graph_client_secret(rotating: World) -> None:
    """Both are good at login for a while; the vault has the new one, and the old one goes."""
    room, client = rotating.watched(), f"/clients/{rotating.client_id}"
    old = rotating.stack.seed["clients"][0]["secrets"][0]
    new = token_urlsafe(24)
    rotating.tenant.control("POST", client, {"addSecret": new})
    _new(rotating, "graph-client-secret", new, minutes=-1)
    _keeps_up(rotating, room)
    rotating.tenant.control("POST", client, {"removeSecret": old})
    error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
    rotating.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)  # the token has to be made anew
    _keeps_up(rotating, room)


def test_the_graph_certificate(tmp_path: Path) -> None:
    """The same with certificates."""
    (old, old_kept), (new, new_kept) = new_certificate(), new_certificate()
    (tmp_path / "app.pem").write_text(old)
    seed = {
        "clients": [{"clientId": APP, "certificates": [str(tmp_path / "app.pem")], "roles": ["Calendars.Read"]}],
        "secrets": {"graph-certificate": [old_kept]},
    }
    with Stack(tmp_path / "stack", {**SETTINGS, "GRAPH_CREDENTIAL": "certificate"}, seed) as stack:
        world = World(stack)
        room = world.watched()
        _keeps_up(world, room)
        world.tenant.control("POST", f"/clients/{APP}", {"certificates": [old, new]})
        _new(world, "graph-certificate", new_kept, minutes=-1)
        world.tenant.control("POST", f"/clients/{APP}", {"certificates": [new]})
        error = {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}
        world.fault(f"GET /v1.0/users/{room}/events/", status=401, body=error, times=1)
        _keeps_up(world, room)
