"""The health check of mailboxes that belong to other owners."""

from __future__ import annotations

import pytest

from shared.errors import GraphUnavailable
from shared.policy.owner import hashed
from shared.storage.watches import watch_id_of
from tests.support.restarted import restarted
from tests.support.world import MAILBOX, WATCH_ID, World

CHIEF = "chief@fabrikam.com"
NAME = "mailboxOwners"


def test_without_another_owner_it_is_ok(world: World) -> None:
    """Also while none was asked for."""
    world.watch()
    assert (world.health_checks.run(NAME).ok, world.health_checks.run(NAME).text) == (True, "ok")
    world.watch("room2@contoso.com", owner=hashed("room2@contoso.com"), owner_read_at=world.time)
    assert world.health_checks.run(NAME).text == "ok"


@pytest.mark.parametrize("check", ["warn", "enforce"])
def test_watches_of_another_owner_are_named(world: World, check: str) -> None:
    """By their ids, five at most, and never by the owner. The relay works."""
    for number in range(7):
        world.watch(f"room{number}@contoso.com", owner=hashed(CHIEF), owner_read_at=world.time)
    result = restarted(world, OWNER_CHECK=check).health_checks.run(NAME)
    assert (result.ok, result.is_down, "7 watches" in result.text, "chief" in result.text) == (
        False,
        False,
        True,
        False,
    )
    named = [each for each in range(7) if watch_id_of(f"room{each}@contoso.com") in result.text]
    assert len(named) == 5
    named_in_full = restarted(world, ALLOWED_MAILBOXES=f"@contoso.com, {CHIEF}")
    assert named_in_full.health_checks.run(NAME).ok


def test_watches_whose_owner_is_unknown_are_counted(world: World) -> None:
    """That is no failure: Graph may not tell it."""
    world.watch(owner_read_at=world.time, owner_unknown_since=world.time)
    result = world.health_checks.run(NAME)
    assert (result.ok, "unknown for 1 watches" in result.text, WATCH_ID in result.text) == (True, True, True)


@pytest.mark.parametrize(("check", "is_ok"), [("warn", False), ("enforce", True)])
def test_addresses_that_features_used_are_counted(world: World, check: str, *, is_ok: bool) -> None:
    """Those that were refused are no failure: a caller could make the check fail by asking."""
    world.events.owners[MAILBOX] = CHIEF
    world.events.owners["room2@contoso.com"] = GraphUnavailable(503, "x")
    world = restarted(world, OWNER_CHECK=check)
    for mailbox in (MAILBOX, "room2@contoso.com"):
        world.permission.may(None, mailbox, "", "partner", "read")
    result = world.health_checks.run(NAME)
    assert (result.ok, "1 addresses that features used" in result.text) == (is_ok, True)


def test_the_doctor_says_it_too(world: World) -> None:
    """With what to do."""
    world.watch(owner=hashed(CHIEF), owner_read_at=world.time)
    [finding] = world.doctor.runtime.run(NAME)
    assert (finding.ok, WATCH_ID in finding.detail, "ALLOWED_MAILBOXES" in finding.remedy) == (False, True, True)
