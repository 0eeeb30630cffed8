"""The doctor: each fault is reported with a remedy, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.doctor.runtime import REMEDIES
from shared.errors import (
    ConfigurationError,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphUnavailable,
    ServiceUnavailable,
)
from shared.partner.webhook import NotDelivered
from shared.storage.partner_endpoint import EndpointState
from tests.support.doctor_world import OUTSIDE, SECRET, DoctorWorld
from tests.support.world import MAILBOX

FORBIDDEN, UNKNOWN = GraphForbidden(403, "ErrorAccessDenied"), GraphNotFound(404, "ErrorInvalidUser")
AWAY = GraphUnavailable(503, "ServiceUnavailable")
SECOND = "room2@contoso.com"
BOTH = DoctorRequest((MAILBOX, SECOND), (OUTSIDE,))
NAMES = {
    "package", "settings", "clientStateKey", "signingSecret", "graphSecret", "identifierKey", "token", "storage",
    "clock", "allowList", "calendarsRead", "exchangeScope", "roomLists", "handshake", "partner", *REMEDIES,
}  # fmt: skip


@pytest.fixture
def world() -> Iterator[DoctorWorld]:
    """Return a world without faults, with one watch."""
    world = DoctorWorld(ALLOWED_MAILBOXES=f"{MAILBOX}, {SECOND}")
    world.watch()
    world.probe.calendars[OUTSIDE] = FORBIDDEN
    yield world
    world.end()


def examined(world: DoctorWorld, request: DoctorRequest = BOTH) -> dict[str, Finding]:
    """Return the findings by name."""
    return {finding.name: finding for finding in world.doctor.examine(request)}


def wrong(world: DoctorWorld, request: DoctorRequest = BOTH) -> dict[str, Finding]:
    """Return the findings that are not ok; assert that each has a remedy and shows no secret."""
    findings = {name: finding for name, finding in examined(world, request).items() if finding.ok is False}
    assert all(finding.remedy and SECRET not in finding.detail for finding in findings.values())
    return findings


def test_all_is_well(world: DoctorWorld) -> None:
    """Every check runs, and the partner gets a ping that contains nothing of a calendar."""
    findings = examined(world)
    assert findings.keys() == NAMES
    assert {name for name, finding in findings.items() if finding.ok is not True} == {"package"}  # a checkout
    ((message_id, body),) = world.webhook.taken
    assert message_id.startswith("msg_ping_")
    assert body == {"type": "calendar.relay.ping", "timestamp": "2026-11-20T10:00:00Z", "data": {}}


def test_every_mailbox_is_read_once(world: DoctorWorld) -> None:
    """Permission and scope are derived from the same reads; secrets are read from the vault, not from the cache."""
    examined(world)
    assert sorted(world.probe.reads) == sorted([OUTSIDE, MAILBOX, SECOND])
    names = ["client-state-key", "graph-client-secret", "identifier-key", "partner-signing-secret"]
    assert sorted(set(world.secrets.fresh)) == names


def _secret(name: str, value: Any) -> Callable[[DoctorWorld], None]:
    return lambda world: world.secrets.values.update({name: value})


def _calendar(*, roles: tuple[str, ...] = (), **reads: GraphError | None) -> Callable[[DoctorWorld], None]:
    def break_it(world: DoctorWorld) -> None:
        world.probe.granted = frozenset(roles)
        inside, second = reads.get("inside"), reads.get("second")
        world.probe.calendars = {MAILBOX: inside, SECOND: second, OUTSIDE: reads.get("outside", FORBIDDEN)}

    return break_it


def _partner(failure: NotDelivered) -> Callable[[DoctorWorld], None]:
    def break_it(world: DoctorWorld) -> None:
        world.webhook.failure = failure

    return break_it


def _no_token(world: DoctorWorld) -> None:
    world.probe.no_token = ConfigurationError("s", "refused (AADSTS7000222)")


def _no_storage(world: DoctorWorld) -> None:
    world.store.failure = ConfigurationError("AzureWebJobsStorage", "access denied")


def _skewed(world: DoctorWorld) -> None:
    world.probe.time = world.time + timedelta(minutes=6)


FAULTS: dict[str, tuple[Callable[[DoctorWorld], Any], str, str, str]] = {
    "a secret is missing": (
        _secret("client-state-key", ConfigurationError("client-state-key", "the vault has no such secret: create it")),
        "clientStateKey", "no such secret", "Key Vault Secrets User"),
    "the vault is away": (
        _secret("partner-signing-secret", ServiceUnavailable("Key Vault")), "signingSecret", "Key Vault",
        "reach the vault"),
    "a signing secret is none": (
        _secret("partner-signing-secret", "whsec_short"), "signingSecret", "24 random bytes", "enabled"),
    "login refuses": (_no_token, "token", "AADSTS7000222", "expired"),
    "more is granted than needed": (
        _calendar(roles=("Place.Read.All", "Mail.Read")), "token", "more than is needed: Mail.Read",
        "entra revoke relay --app-id CLIENT_ID --permission Mail.Read"),
    "Entra ID opens every calendar": (
        _calendar(roles=("Calendars.Read",)), "token", "every calendar of the tenant",
        "--permission Calendars.Read"),
    "Entra ID opens calendars and mail": (
        _calendar(roles=("Calendars.Read", "Mail.Read")), "token", "Calendars.Read, Mail.Read",
        "Grant-RelayMailboxAccess.ps1"),
    "no permission": (
        _calendar(inside=FORBIDDEN, second=FORBIDDEN), "calendarsRead", f"{MAILBOX}, {SECOND} cannot be read",
        "Grant-RelayMailboxAccess"),
    "a mailbox out of scope": (_calendar(inside=FORBIDDEN), "exchangeScope", MAILBOX, "Add the mailbox"),
    "a scope too wide": (_calendar(outside=None), "exchangeScope", OUTSIDE, "Narrow the scope"),
    "a mailbox that is none": (_calendar(inside=UNKNOWN), "exchangeScope", MAILBOX, "licence"),
    "Graph away": (_calendar(outside=AWAY), "exchangeScope", "503", "Try again"),
    "storage refuses": (_no_storage, "storage", "access denied", "identity"),
    "the handshake fails": (
        lambda world: world.store.wrong.update({"/api/lifecycle": "answers 401 instead of 200"}),
        "handshake", "/api/lifecycle answers 401", "PUBLIC_BASE_URL"),
    "the clock is wrong": (_skewed, "clock", "360 s behind", "Restart"),
    "the partner is away": (_partner(NotDelivered(0, "no answer (Timeout)")), "partner", "Timeout", "endpoint is up"),
    "a certificate is wrong": (_partner(NotDelivered(0, "no answer (SSLError)")), "partner", "SSL", "certificate"),
    "a signature is refused": (_partner(NotDelivered(401, "status 401")), "partner", "401", "signing secret"),
    "a redirect": (_partner(NotDelivered(307, "status 307")), "partner", "307", "never followed"),
    "a ping that is not known": (_partner(NotDelivered(422, "status 422")), "partner", "422", "calendar.relay.ping"),
    "a partner that fails": (_partner(NotDelivered(503, "status 503")), "partner", "503", "none is lost"),
    "a teapot": (_partner(NotDelivered(418, "status 418")), "partner", "418", "retries alone"),
    "a partner that is gone": (_partner(NotDelivered(410, "status 410")), "partner", "410", "resume"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_a_single_finding_with_a_remedy(world: DoctorWorld, name: str) -> None:
    """A fault causes one finding that is not ok."""
    break_it, check, detail, remedy = FAULTS[name]
    break_it(world)
    findings = wrong(world)
    assert list(findings) == [check]
    assert detail in findings[check].detail
    assert remedy in findings[check].remedy


def test_without_the_permission_the_scope_is_inconclusive(world: DoctorWorld) -> None:
    """A cause is reported once."""
    _calendar(inside=FORBIDDEN, second=FORBIDDEN)(world)
    assert examined(world)["exchangeScope"].ok is None


def test_a_grant_for_the_whole_tenant_is_an_error(world: DoctorWorld) -> None:
    """Exchange's grants are in no token: Calendars.Read in a token defeats the scope, also for unnamed mailboxes."""
    world.probe.granted = frozenset({"Calendars.Read"})
    findings = examined(world, DoctorRequest())
    assert {name: findings[name].ok for name in ("token", "calendarsRead", "exchangeScope")} == {
        "token": False, "calendarsRead": True, "exchangeScope": None}  # fmt: skip


@pytest.mark.parametrize("roles", [(), ("Place.Read.All",)])
def test_permissions_without_an_exchange_scope_may_be_in_the_token(world: DoctorWorld, roles: tuple[str, ...]) -> None:
    """A token without any permission is also ok."""
    world.probe.granted = frozenset(roles)
    assert wrong(world) == {}
    assert (", ".join(roles) or "nothing") in examined(world)["token"].detail


def test_the_scope_is_inconclusive_without_a_mailbox_outside(world: DoctorWorld) -> None:
    """Without mailboxes in the request the live watches are read."""
    finding = examined(world, DoctorRequest())["exchangeScope"]
    assert (finding.ok, "refused" in finding.remedy, world.probe.reads) == (None, True, [MAILBOX])


def test_without_watches_a_mailbox_has_to_be_named() -> None:
    """Without a mailbox the finding is inconclusive."""
    findings = examined(DoctorWorld(), DoctorRequest())
    assert (findings["calendarsRead"].ok, findings["calendarsRead"].detail) == (None, "no mailbox is watched yet")


@pytest.mark.parametrize(
    ("allowed", "detail"),
    [("", "is empty"), ("room9@contoso.com", f"does not include {MAILBOX}"), ("@contoso.com", f"includes {OUTSIDE}")],
)
def test_the_allow_list_is_compared_with_the_mailboxes(allowed: str, detail: str) -> None:
    """The list may be too narrow or too wide."""
    world = DoctorWorld(ALLOWED_MAILBOXES=allowed)
    world.probe.calendars[OUTSIDE] = FORBIDDEN
    assert detail in wrong(world)["allowList"].detail


def test_every_broken_setting_is_named() -> None:
    """The finding never shows the value."""
    finding = wrong(DoctorWorld(TENANT_ID="", SETTLE_SECONDS="canary"))["settings"]
    assert "TENANT_ID: is not set" in finding.detail
    assert "canary" not in finding.detail
    assert "Set SETTLE_SECONDS, TENANT_ID" in finding.remedy


@pytest.mark.parametrize(("failure", "remedy"), [(FORBIDDEN, "Place.Read.All"), (UNKNOWN, "Correct its address")])
def test_room_lists_are_read_if_they_are_used(failure: GraphError, remedy: str) -> None:
    """The allow-list names a room list."""
    world = DoctorWorld(ALLOWED_MAILBOXES=f"{MAILBOX}, roomlist:building1@contoso.com")
    world.probe.room_list = failure
    world.probe.calendars[OUTSIDE] = FORBIDDEN
    assert remedy in wrong(world, DoctorRequest((MAILBOX,)))["roomLists"].remedy


def test_no_ping_is_sent_during_a_pause(world: DoctorWorld) -> None:
    """The finding of the deliveries reports the pause."""
    world.breaker.transition(EndpointState.PAUSED, "A freeze")
    findings = examined(world)
    assert (findings["partner"].ok, findings["deliveries"].ok) == (None, False)
    assert "resume" in findings["deliveries"].remedy
    assert world.webhook.tried == []


def test_the_ping_is_optional(world: DoctorWorld) -> None:
    """Without a ping the finding is inconclusive."""
    assert examined(world, DoctorRequest(ping=False))["partner"].ok is None
    assert world.webhook.tried == []


def test_failed_health_checks_are_reported(world: DoctorWorld) -> None:
    """Examples are dead letters and a stopped timer."""
    message = world.hint("A")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 422)
    world.heartbeat.ran(world.time - timedelta(hours=4))
    assert wrong(world).keys() == {"deadLetters", "reconciler"}


def test_an_unexpected_error_fails_its_check(world: DoctorWorld) -> None:
    """An unexpected error fails its check only."""
    world.store.failure = ZeroDivisionError("canary")
    assert wrong(world)["storage"].detail == "could not be run (ZeroDivisionError)"
