"""The health checks: each has a name, is ok or says what to do, and never raises."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NoReturn

import pytest

from shared.bootstrap.app import App
from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from shared.health.checks import DEEP_QUEUE, is_up
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import State
from tests.support.world import FakeKeys, World

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()


@pytest.fixture(autouse=True)
def signing(world: World) -> None:
    """Give the webhook a valid secret."""
    world.webhook.secret = SECRET


def checks(world: World) -> dict[str, str]:
    """Return the texts of the checks that are not ok, by name, after a run of the timer that succeeded."""
    if not world.rows.failing:
        world.heartbeat.succeeded(world.time)
    return {check.name: check.text for check in world.health_checks.check_all() if not check.ok}


def test_all_is_well(world: World) -> None:
    """Every check is ok, and these are their names."""
    world.watch()
    world.heartbeat.ran(world.time)
    results = world.health_checks.check_all()
    assert {check.name for check in results} == {
        "settings", "keyVault", "graphToken", "storage", "reconciler", "watches", "oldestSubscriptionExpiry",
        "queueDepth", "partner", "deadLetters", "deniedSubscriptions", "changedSubscriptions", "unknownSubscriptions",
        "missingNotifications", "subscriptionLifetime", "clock", "version", "identifierKey", "unreadableRows",
        "renewals", "stop", "directDelivery", "mailboxOwners",
    }  # fmt: skip
    assert all(check.ok and check.text.startswith("ok") for check in results)
    assert is_up(results)


@pytest.mark.parametrize("state", [EndpointState.FAILING, EndpointState.GONE_410, EndpointState.PAUSED])
def test_a_stopped_endpoint_is_reported_with_the_parked_changes(world: World, state: EndpointState) -> None:
    """The text has since when and why; the relay as a whole is up."""
    world.breaker.transition(state, "the reason")
    message = world.hint("A", "B")
    world.parking.park(message, message.changes, state)
    assert checks(world)["partner"] == f"{state} since 2026-11-20T10:00:00Z (the reason); 2 changes wait"
    assert is_up(world.health_checks.check_all())


def test_dead_letters_fail_their_check(world: World) -> None:
    """A person has to look at them."""
    message = world.hint("A")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 422)
    assert checks(world)["deadLetters"].startswith("1 changes could not be delivered: GET /api/dead-letters")


def test_every_broken_setting_is_named() -> None:
    """All are in one line, without their values."""
    world = World(TENANT_ID="", SETTLE_SECONDS="canary")
    world.webhook.secret = SECRET
    text = checks(world)["settings"]
    assert "TENANT_ID: is not set" in text
    assert "SETTLE_SECONDS" in text
    assert "canary" not in text


def failing(error: Exception) -> Callable[[], NoReturn]:
    """Return a function that raises an error."""

    def fail() -> NoReturn:
        raise error

    return fail


def token_fails(world: World, error: Exception) -> None:
    """Let requests for a token fail."""
    world.on_token = failing(error)


def keys_fail(world: World, error: Exception) -> None:
    """Let reads of the keys fail."""
    world.client_state_keys = FakeKeys(failing(error))


@pytest.mark.parametrize(
    ("part_fails", "name", "failure"),
    [(token_fails, "graphToken", ConfigurationError("graph-client-secret", "login refuses the app")),
     (keys_fail, "keyVault", ServiceUnavailable("Key Vault"))],
)  # fmt: skip
def test_a_failed_vital_check_means_down(
    world: World, part_fails: Callable[[World, Exception], None], name: str, failure: RelayError
) -> None:
    """The relay as a whole cannot work without a token or the keys."""
    part_fails(world, failure)
    assert checks(world) == {name: str(failure)}
    assert not is_up(world.health_checks.check_all())


def test_an_invalid_signing_secret_is_reported_before_a_delivery(world: World) -> None:
    """The check of Key Vault creates a signature."""
    world.webhook.secret = "whsec_short"
    assert "partner-signing-secret" in checks(world)["keyVault"]


def test_an_invalid_partner_url_is_reported_before_a_delivery() -> None:
    """The setting is named by the check that also tests the signing secret."""
    world = World()
    world.webhook.secret = SECRET
    world.webhook.address = App({"PARTNER_WEBHOOK_URL": "ftp://x"}).webhook.url
    assert checks(world)["keyVault"].startswith("PARTNER_WEBHOOK_URL")


def test_an_outage_of_storage_is_named(world: World) -> None:
    """The text of its error is not shown."""
    world.rows.failing = 2
    assert "canary" not in checks(world)["storage"]


def test_a_watch_without_a_live_subscription_is_named(world: World) -> None:
    """It fails only after the timer had time to run; the relay as a whole is up."""
    watch = world.watch()
    world.pass_by(7 * 24 * 3600)
    assert watch.id in checks(world)["oldestSubscriptionExpiry"]
    assert is_up(world.health_checks.check_all())


def test_a_deep_queue_points_to_the_partner(world: World) -> None:
    """The partner's endpoint probably takes nothing."""
    world.changes.puts = [(world.hint(), 0.0)] * (DEEP_QUEUE + 1)
    assert "partner" in checks(world)["queueDepth"]


def test_an_unexpected_error_fails_its_check(world: World) -> None:
    """An unexpected error fails its check instead of the whole response."""
    world.on_token = failing(ZeroDivisionError())
    assert "graphToken" in checks(world)


@pytest.mark.parametrize("state", ["refused", "gone"])
def test_a_watch_that_needs_a_person_is_named(world: World, state: State) -> None:
    """Its state and id are in one check only."""
    watch = world.watch(state=state, expires=None, subscription_id="")
    world.pass_by(7 * 24 * 3600)
    failed = checks(world)
    assert list(failed) == ["watches"]
    assert f"1 {state}" in failed["watches"]
    assert watch.id in failed["watches"]


def test_a_paused_watch_is_no_failure(world: World) -> None:
    """The customer's settings paused it."""
    world.watch(state="paused", expires=None, subscription_id="")
    world.pass_by(7 * 24 * 3600)
    assert checks(world) == {}
