"""Claims about secrets that are replaced while subscriptions live."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_urlsafe

import pytest
from standardwebhooks import Webhook

from tests.end_to_end.restartable import restartable
from tests.end_to_end.world import World


@pytest.fixture
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack whose host can be started again: a running one learns of a new version within five minutes."""
    with restartable(tmp_path_factory.mktemp("rotation"), {"SETTLE_SECONDS": "1"}) as (world, _):
        yield world


def test_keys_and_secrets_rotate_without_a_gap(rotating: World) -> None:
    """A new clientState key leaves old subscriptions' notifications valid; two signing secrets make two signatures."""
    before, after = rotating.watched(), rotating.mailbox()
    first = rotating.stack.seed["secrets"]["partner-signing-secret"][-1]
    second = "whsec_" + b64encode(token_bytes(32)).decode()
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    _new(rotating, "client-state-key", token_urlsafe(32), hour_ago)
    _new(rotating, "partner-signing-secret", f"{first} {second}", hour_ago)
    _restart(rotating)
    rotating.relay.watch(after)
    old, new = (rotating.subscriptions(address)[0]["clientState"].partition(".")[0] for address in (before, after))
    assert old != new
    for address in (before, after):
        rotating.book(address)
    rotating.in_step(before, after)
    for address in (before, after):
        (post,) = rotating.posts(address)
        assert len(post["headers"]["webhook-signature"].split()) == 2
        for secret in (first, second):
            Webhook(secret).verify(post["raw"], post["headers"])
    _a_key_signs_only_when_all_know_it(rotating, new)


def _a_key_signs_only_when_all_know_it(world: World, standing: str) -> None:
    """A key made this minute verifies, but does not sign yet: another instance may not have read it."""
    _new(world, "client-state-key", token_urlsafe(32), datetime.now(UTC).isoformat())
    _restart(world)
    address = world.watched()
    assert world.subscriptions(address)[0]["clientState"].partition(".")[0] == standing


def _new(world: World, name: str, value: str, created: str) -> None:
    world.tenant.control("POST", "/secrets", {"name": name, "value": value, "created": created})


def _restart(world: World) -> None:
    world.stack.host.stop()
    world.stack.host.start()
