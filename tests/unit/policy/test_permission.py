"""The one place that answers what the customer permits."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError, GraphUnavailable
from shared.policy.permission import Permission, Verb, allows_host
from tests.support.world import SETTINGS, World

VERBS: tuple[Verb, ...] = get_args(Verb)
PARTNER, OTHER = "https://partner.example/graph", "https://other.example/graph"


def permission(world: World, **settings: str) -> Permission:
    """Return the permissions of an app with these settings."""
    world.settings = Settings.load(SETTINGS | settings)
    return Permission(world.allow_list, world.settings)


@pytest.mark.parametrize("verb", VERBS)
def test_the_allow_list_answers_for_every_verb(world: World, verb: Verb) -> None:
    """Whoever calls, and whether the watch exists or not."""
    allowed = permission(world)
    for watch in (None, world.watch()):
        assert allowed.may(watch, "room1@contoso.com", "", "relay", verb).allowed is True
        answer = allowed.may(watch, "room1@fabrikam.com", "", "relay", verb)
        assert (answer.allowed, "ALLOWED_MAILBOXES" in answer.why) == (False, True)


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_unknown_is_neither_allowed_nor_forbidden(world: World, verb: Verb) -> None:
    """While a room list cannot be read, and while the setting is invalid."""
    world.rooms.by_list["building1@contoso.com"] = GraphUnavailable(503, "x")
    answer = permission(world, ALLOWED_MAILBOXES="roomlist:building1@contoso.com").may(None, "a@b.de", "", "", verb)
    assert (answer.allowed, "503" in answer.why) == (None, True)
    broken = permission(world, ALLOWED_MAILBOXES="@Microsoft.KeyVault(x)").may(None, "a@b.de", "", "", verb)
    assert (broken.allowed, type(broken.error)) == (None, ConfigurationError)


@pytest.mark.parametrize("verb", VERBS)
def test_the_host_of_direct_delivery_is_checked_at_set_up_only(world: World, verb: Verb) -> None:
    """A watch that was set up goes on when the setting changes."""
    answer = permission(world).may(None, "room1@contoso.com", OTHER, "", verb)
    assert answer.allowed is (verb != "set-up")
    assert permission(world).may(None, "room1@contoso.com", PARTNER, "", verb).allowed is True


def test_the_rejection_of_a_host_is_that_of_an_invalid_request(world: World) -> None:
    """It says which setting decides; a mailbox that is not allowed is refused first."""
    answer = permission(world).may(None, "room1@contoso.com", OTHER, "", "set-up")
    assert (answer.error and answer.error.args) == (answer.why,)
    assert "ALLOWED_NOTIFICATION_HOSTS" in answer.why
    assert "ALLOWED_MAILBOXES" in permission(world).may(None, "room1@fabrikam.com", OTHER, "", "set-up").why
    broken = permission(world, PARTNER_WEBHOOK_URL="ftp://x").may(None, "room1@contoso.com", OTHER, "", "set-up")
    assert (broken.allowed, type(broken.error)) == (None, ConfigurationError)


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        (PARTNER, "", True), (OTHER, "", False), (PARTNER, "other.example", False), (OTHER, " Other.example ,", True),
        ("https://OTHER.example./x", "other.example", True), ("https://other.example.evil/x", "other.example", False),
        ("https://x@other.example/x", "other.example", True), ("https:///x", "", False), ("https://[", "", False),
    ],
)  # fmt: skip
def test_a_host_is_allowed_by_its_entry_or_is_the_partners(url: str, hosts: str, allowed: object) -> None:
    """Entries are hosts; without any, only the host of PARTNER_WEBHOOK_URL is allowed."""
    settings = Settings.load(SETTINGS | {"ALLOWED_NOTIFICATION_HOSTS": hosts})
    assert allows_host(settings, url) is allowed
