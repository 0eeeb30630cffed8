"""Claims about the checks: each named, each ok or with what to do, and none of them raises."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shared.bootstrap.app import App
from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from shared.health.checks import DEEP_QUEUE, is_up
from shared.resync.catch_up import MAX_ABSENCE
from shared.storage.watches import State
from tests.support.world import World

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()


@pytest.fixture(autouse=True)
def signing(world: World) -> None:
    """Give the partner's part a secret."""
    world.webhook.secrets = lambda: SECRET  # type: ignore[attr-defined]


def checks(world: World) -> dict[str, str]:
    """Return the texts of the checks that are not ok."""
    return {check.name: check.text for check in world.health_checks.check_all() if not check.ok}


def test_all_is_well(world: World) -> None:
    """Every check, by name."""
    world.watch()
    world.heartbeat.beat(world.time)
    found = world.health_checks.check_all()
    assert {check.name for check in found} == {
        "settings", "keyVault", "graphToken", "storage", "reconciler", "watches", "oldestSubscriptionExpiry",
        "queueDepth", "partner", "deadLetters",
    }  # fmt: skip
    assert all(check.ok and check.text.startswith("ok") for check in found)
    assert is_up(found)


@pytest.mark.parametrize("state", ["failing", "gone", "paused"])
def test_an_endpoint_that_takes_nothing_is_told_with_what_waits(world: World, state: str) -> None:
    """Since when and why; the relay as a whole is up."""
    world.breaker.transition(state, "the reason")
    message = world.hint("A", "B")
    world.parking.park(message, message.changes, state)
    assert checks(world)["partner"] == f"{state} since 2026-11-20T10:00:00Z (the reason); 2 changes wait"
    assert is_up(world.health_checks.check_all())


def test_dead_letters_want_a_person(world: World) -> None:
    """They do not go away by themselves."""
    message = world.hint("A")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 422)
    assert checks(world)["deadLetters"].startswith("1 changes could not be delivered: GET /api/dead-letters")


def test_every_broken_setting_is_named() -> None:
    """In one line, without its value."""
    world = World(TENANT_ID="", SETTLE_SECONDS="canary")
    world.webhook.secrets = lambda: SECRET  # type: ignore[attr-defined]
    text = checks(world)["settings"]
    assert "TENANT_ID: is not set" in text
    assert "SETTLE_SECONDS" in text
    assert "canary" not in text


@pytest.mark.parametrize(
    ("part", "name", "failure"),
    [("get_token", "graphToken", ConfigurationError("graph-client-secret", "login refuses the app")),
     ("client_state_keys", "keyVault", ServiceUnavailable("Key Vault"))],
)  # fmt: skip
def test_a_part_that_fails_is_named_and_takes_the_whole_down(
    world: World, part: str, name: str, failure: RelayError
) -> None:
    """These are vital."""

    def fails(**_: Any) -> None:
        raise failure

    setattr(world, part, fails)
    assert checks(world) == {name: str(failure)}
    assert not is_up(world.health_checks.check_all())


def test_a_bad_signing_secret_is_found_before_a_delivery_is(world: World) -> None:
    """Key Vault's check makes a signature."""
    world.webhook.secrets = lambda: "whsec_short"  # type: ignore[attr-defined]
    assert "partner-signing-secret" in checks(world)["keyVault"]


def test_a_bad_address_of_the_partner_is_found_before_a_delivery_is() -> None:
    """The setting is named where what delivers is checked, too."""
    world = World()
    webhook = App({"PARTNER_WEBHOOK_URL": "ftp://x"}).webhook
    world.webhook.secrets, world.webhook.url = lambda: SECRET, webhook.url  # type: ignore[attr-defined, method-assign]
    assert checks(world)["keyVault"].startswith("PARTNER_WEBHOOK_URL")


def test_storage_that_fails_is_named(world: World) -> None:
    """And what it said is not."""
    world.rows.failing = 2
    assert "canary" not in checks(world)["storage"]


def test_a_watch_without_a_live_subscription_is_named(world: World) -> None:
    """Once the timer had its chance; the relay as a whole is up."""
    watch = world.watch()
    world.pass_by(7 * 24 * 3600)
    assert watch.id in checks(world)["oldestSubscriptionExpiry"]
    assert is_up(world.health_checks.check_all())


def test_a_deep_queue_asks_for_the_partner(world: World) -> None:
    """Somebody does not take what is sent."""
    world.changes.depth = lambda: DEEP_QUEUE + 1  # type: ignore[method-assign]
    assert "partner" in checks(world)["queueDepth"]


def test_a_check_that_breaks_is_not_ok(world: World) -> None:
    """A health check that answers 500 tells nobody what is wrong."""

    def breaks(**_: Any) -> None:
        raise ZeroDivisionError

    world.get_token = breaks  # type: ignore[method-assign, assignment]
    assert "graphToken" in checks(world)


@pytest.mark.parametrize("state", ["refused", "gone"])
def test_a_watch_that_needs_a_person_is_named(world: World, state: State) -> None:
    """By its state and its id, in one check and not in two."""
    watch = world.watch(state=state, expires=None, subscription_id="")
    world.pass_by(7 * 24 * 3600)
    found = checks(world)
    assert list(found) == ["watches"]
    assert f"1 {state}" in found["watches"]
    assert watch.id in found["watches"]


def test_a_paused_watch_is_as_the_customer_wants_it(world: World) -> None:
    """It is counted, and no failure."""
    world.watch(state="paused", expires=None, subscription_id="")
    world.pass_by(7 * 24 * 3600)
    assert checks(world) == {}


def test_a_timer_that_stands_still_is_noticed(world: World) -> None:
    """Once Graph has given up on what it could not deliver meanwhile."""
    world.heartbeat.beat(world.time)
    world.pass_by(MAX_ABSENCE.total_seconds())
    assert checks(world) == {}
    world.pass_by(1)
    assert "renew_subscriptions" in checks(world)["reconciler"]
