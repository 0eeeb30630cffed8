"""The one place that answers what the customer permits."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError, GraphUnavailable, RequestRejected, ServiceUnavailable
from shared.policy.permission import Permission, Verb, allows_host
from tests.support.world import SETTINGS, World

VERBS: tuple[Verb, ...] = get_args(Verb)
WORK = tuple(verb for verb in VERBS if verb != "audit")
PARTNER, OTHER = "https://partner.example/graph", "https://other.example/graph"
ROOM = "room1@contoso.com"


def permission(world: World, *, is_stopped: bool = False, **settings: str) -> Permission:
    """Return the permissions of an app with these settings."""
    world.settings = Settings.load(SETTINGS | settings)
    return Permission(world.allow_list, world.settings, lambda: is_stopped, world.mailbox_owners)


@pytest.mark.parametrize("verb", VERBS)
def test_the_allow_list_answers_for_every_verb(world: World, verb: Verb) -> None:
    """Whoever calls, and whether the watch exists or not."""
    allowed = permission(world)
    for watch in (None, world.watch()):
        assert allowed.may(watch, ROOM, "", "relay", verb).allowed is True
        answer = allowed.may(watch, "room1@fabrikam.com", "", "relay", verb)
        assert (answer.allowed, answer.cause, "ALLOWED_MAILBOXES" in answer.why) == (False, "mailbox", True)


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_unknown_is_neither_allowed_nor_forbidden(world: World, verb: Verb) -> None:
    """While a room list cannot be read, and while the setting is invalid."""
    world.rooms.by_list["building1@contoso.com"] = GraphUnavailable(503, "x")
    answer = permission(world, ALLOWED_MAILBOXES="roomlist:building1@contoso.com").may(None, "a@b.de", "", "", verb)
    assert (answer.allowed, "503" in answer.why) == (None, True)
    broken = permission(world, ALLOWED_MAILBOXES="@Microsoft.KeyVault(x)").may(None, "a@b.de", "", "", verb)
    assert (broken.allowed, type(broken.error)) == (None, ConfigurationError)


@pytest.mark.parametrize("verb", VERBS)
def test_the_host_of_direct_delivery_is_checked_for_every_verb(world: World, verb: Verb) -> None:
    """Also without the URL: then it is the one that the watch names."""
    named = permission(world, ALLOWED_NOTIFICATION_HOSTS="partner.example")
    for url, expected in ((PARTNER, True), (OTHER, False)):
        watch = world.watch(f"{expected}@contoso.com", delivery="direct", notification_url=url)
        assert named.may(None, ROOM, url, "", verb).allowed is expected
        answer = named.may(watch, watch.mailbox, "", "relay", verb)
        assert (answer.allowed, answer.cause) == (expected, "" if expected else "host")


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_host_only_existing_watches_of_the_webhooks_host_go_on(world: World, verb: Verb) -> None:
    """An earlier version allowed them. A new watch needs the setting, and so does another URL."""
    unset = permission(world)
    standing = world.watch(delivery="direct", notification_url=PARTNER)
    elsewhere = world.watch("room2@contoso.com", delivery="direct", notification_url=OTHER)
    assert unset.may(None, ROOM, PARTNER, "", verb).allowed is False
    assert unset.may(standing, ROOM, "", "", verb).allowed is True
    assert unset.may(standing, ROOM, PARTNER + "2", "", verb).allowed is False
    assert unset.may(elsewhere, elsewhere.mailbox, "", "", verb).allowed is False


def test_none_ends_direct_delivery(world: World) -> None:
    """It is the explicit off, also for standing watches, and no host can have this name."""
    off = permission(world, ALLOWED_NOTIFICATION_HOSTS="none")
    standing = world.watch(delivery="direct", notification_url=PARTNER)
    assert off.may(standing, ROOM, "", "", "renew").allowed is False
    assert off.may(None, ROOM, "https://none/x", "", "set-up").allowed is False
    assert off.may(None, ROOM, "", "", "set-up").allowed is True


@pytest.mark.parametrize("verb", WORK)
def test_the_stop_forbids_every_verb(world: World, verb: Verb) -> None:
    """Whatever the lists say; callers get a 503 that says who has stopped the relay."""
    answer = permission(world, is_stopped=True).may(world.watch(), ROOM, "", "relay", verb)
    assert (answer.allowed, answer.cause, type(answer.error)) == (False, "stop", RequestRejected)
    with pytest.raises(RequestRejected, match=r"customer's IT has stopped"):
        permission(world, is_stopped=True).require(ROOM, verb)


def test_while_the_stop_is_unknown_nothing_is_decided(world: World) -> None:
    """What runs is kept; a caller is refused, because what is new might be forbidden."""

    def unknown() -> bool:
        raise ServiceUnavailable("storage")

    asked = Permission(world.allow_list, world.settings, unknown, world.mailbox_owners)
    assert asked.may(world.watch(), ROOM, "", "relay", "renew").allowed is None
    assert asked.may(None, "room1@fabrikam.com", "", "relay", "renew").allowed is False
    with pytest.raises(ServiceUnavailable):
        asked.require(ROOM, "read")


def test_a_host_that_is_forbidden_is_forbidden_while_the_mailbox_is_unknown(world: World) -> None:
    """One certain no is enough."""
    world.rooms.by_list["building1@contoso.com"] = GraphUnavailable(503, "x")
    asked = permission(world, ALLOWED_MAILBOXES="roomlist:building1@contoso.com", ALLOWED_NOTIFICATION_HOSTS="a.de")
    assert asked.may(None, ROOM, OTHER, "", "renew").allowed is False


def test_the_rejection_of_a_host_is_that_of_an_invalid_request(world: World) -> None:
    """It says which setting decides; a mailbox that is not allowed is refused first."""
    answer = permission(world).may(None, ROOM, OTHER, "", "set-up")
    assert (answer.error and answer.error.args) == (answer.why,)
    assert "ALLOWED_NOTIFICATION_HOSTS" in answer.why
    assert "ALLOWED_MAILBOXES" in permission(world).may(None, "room1@fabrikam.com", OTHER, "", "set-up").why
    standing = world.watch(delivery="direct", notification_url=OTHER)
    broken = permission(world, PARTNER_WEBHOOK_URL="ftp://x").may(standing, ROOM, OTHER, "", "renew")
    assert (broken.allowed, type(broken.error)) == (None, ConfigurationError)


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        (PARTNER, "", True), (OTHER, "", False), (PARTNER, "other.example", False), (OTHER, " Other.example ,", True),
        ("https://OTHER.example./x", "other.example", True), ("https://other.example.evil/x", "other.example", False),
        ("https://x@other.example/x", "other.example", True), ("https:///x", "", False), ("https://[", "", False),
        (PARTNER, "none", False), ("https://none/", "none", False), (PARTNER, "none, partner.example", True),
    ],
)  # fmt: skip
def test_a_host_is_allowed_by_its_entry_or_is_the_partners(url: str, hosts: str, allowed: object) -> None:
    """Entries are hosts; without any, only the host of PARTNER_WEBHOOK_URL, and only to what stands."""
    settings = Settings.load(SETTINGS | {"ALLOWED_NOTIFICATION_HOSTS": hosts})
    assert allows_host(settings, url, exists=True) is allowed
    assert allows_host(settings, url) is (bool(hosts) and allowed)
