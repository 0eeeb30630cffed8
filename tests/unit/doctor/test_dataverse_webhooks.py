"""The doctor's check of webhooks: what is missing, disabled or not delivered; without the right to read, it says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay_admin.dynamics.hooks import plans, steps
from relay_admin.dynamics.hooks.state import read_hooks
from shared.doctor.finding import Finding, check
from shared.doctor.webhooks import WebhookCheck
from shared.dynamics import webhooks
from shared.dynamics.examination import Examination
from tests.support.dataverse_world import APP
from tests.support.hooks_world import NAME, HookedWorld, hooks_world

pytestmark = pytest.mark.server
STEP_RIGHT, JOB_RIGHT = "prvReadSdkMessageProcessingStep", "prvReadAsyncOperation"


@pytest.fixture
def world(certificates: Path) -> Iterator[HookedWorld]:
    """A relay that was started, in an environment without webhooks."""
    with hooks_world(certificates) as world:
        world.begin_to_follow()
        yield world


def checked(world: HookedWorld) -> Finding:
    """Return the finding."""
    inspected = WebhookCheck(lambda: Examination(world.dynamics), world.tracking.read, world.now)
    return check("dataverseWebhooks", inspected.inspect, "")


def take_away(world: HookedWorld, right: str) -> None:
    """Take a right away from the application user."""
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [right]})


def arrived(world: HookedWorld) -> None:
    """Make a booking, and let its webhook arrive."""
    world.dataverse.book(hours=24)
    world.arrive()


def test_without_webhooks_nothing_is_missing(world: HookedWorld) -> None:
    """They are optional."""
    finding = checked(world)
    assert (finding.ok, finding.remedy) == (True, "")
    assert finding.detail.startswith("no webhooks were made")


def test_webhooks_that_arrive_pass(world: HookedWorld) -> None:
    """With the time of the last one."""
    world.register()
    assert "none has arrived yet" in checked(world).detail
    arrived(world)
    finding = checked(world)
    assert (finding.ok, finding.remedy) == (True, "")
    assert f"the last one arrived at {world.now():%Y-%m-%d}" in finding.detail


@pytest.mark.parametrize("message", list(steps.STEP_IDS))
def test_a_step_that_is_disabled_is_named(world: HookedWorld, message: str) -> None:
    """With the command that enables it; while the feature is held it is as it should be."""
    world.register()
    world.session.make(steps.switch_step(message, enabled=False))
    finding = checked(world)
    assert (finding.ok, finding.detail) == (False, f"the webhook step of {message} is disabled")
    assert "dataverse release" in finding.remedy
    world.dataverse_hold.hold("it")
    assert checked(world).ok is True


@pytest.mark.parametrize("message", list(steps.STEP_IDS))
def test_a_step_that_is_missing_is_named(world: HookedWorld, message: str) -> None:
    """Somebody deleted it."""
    world.register()
    world.session.make(steps.delete_step(message))
    finding = checked(world)
    assert (finding.ok, finding.detail) == (False, f"the webhook step of {message} is missing")


def test_webhooks_that_all_fail_are_a_failure(world: HookedWorld) -> None:
    """The relay does not accept the endpoint's secret."""
    world.register()
    world.vault.secrets[NAME] = ["x" * 40, "y" * 40]
    world.secrets._versions.clear()
    arrived(world)
    finding = checked(world)
    assert (finding.ok, finding.detail) == (False, "1 webhooks failed within a day; none has arrived yet")
    assert "rotate" in finding.remedy


def test_a_failure_among_others_is_reported_for_a_day(world: HookedWorld) -> None:
    """Nothing is lost by it; afterwards it counts no more."""
    world.register()
    arrived(world)
    kept, world.vault.secrets[NAME] = world.vault.secrets[NAME], ["x" * 40, "y" * 40]
    world.secrets._versions.clear()
    arrived(world)
    world.vault.secrets[NAME] = kept
    finding = checked(world)
    assert (finding.ok, finding.detail[:9]) == (True, "1 webhook")
    assert "system jobs" in finding.remedy
    world.dataverse.tenant.clock.advance(25 * 3600)
    assert (checked(world).ok, checked(world).remedy) == (True, "")


@pytest.mark.parametrize("right", [STEP_RIGHT, JOB_RIGHT])
def test_without_the_right_to_read_it_cannot_be_checked(world: HookedWorld, right: str) -> None:
    """Neither passed nor failed, once webhooks arrive; the right is named."""
    world.register()
    arrived(world)
    take_away(world, right)
    finding = checked(world)
    assert (finding.ok, right in finding.detail, "setup --webhooks" in finding.remedy) == (None, True, True)


def test_without_the_right_and_webhooks_nothing_is_wrong(world: HookedWorld) -> None:
    """The role has the right only where webhooks are made."""
    take_away(world, STEP_RIGHT)
    finding = checked(world)
    assert (finding.ok, "no webhook has arrived yet" in finding.detail, STEP_RIGHT in finding.detail) == (
        True, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("match", ["sdkmessageprocessingsteps", "asyncoperations"])
def test_an_answer_that_is_none_is_no_missing_step(world: HookedWorld, match: str) -> None:
    """Dataverse failed: the finding says so."""
    world.register()
    world.dataverse.control("POST", "/faults", {"status": 500, "match": match, "times": 9})
    finding = checked(world)
    assert (finding.ok, "500" in finding.detail, "missing" in finding.detail) == (False, True, False)


def test_the_ids_are_those_that_setup_makes(world: HookedWorld) -> None:
    """The relay and its command share no code."""
    world.register()
    assert webhooks.STEP_IDS == steps.STEP_IDS
    assert plans.problems(read_hooks(world.session)) == []
