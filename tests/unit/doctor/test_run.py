"""Claims about the doctor: what is wrong is named, with what to do about it, and what is well is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.doctor.runtime import REMEDIES
from shared.errors import ConfigurationError, GraphForbidden, GraphNotFound, GraphUnavailable, ServiceUnavailable
from shared.partner.webhook import NotDelivered
from tests.support.doctor_world import OUTSIDE, SECRET, DoctorWorld
from tests.support.world import MAILBOX

FORBIDDEN, UNKNOWN = GraphForbidden(403, "ErrorAccessDenied"), GraphNotFound(404, "ErrorInvalidUser")
AWAY = GraphUnavailable(503, "ServiceUnavailable")
SECOND = "room2@contoso.com"
BOTH = DoctorRequest((MAILBOX, SECOND), (OUTSIDE,))
NAMES = {
    "settings", "clientStateKey", "signingSecret", "graphSecret", "token", "storage", "clock", "allowList",
    "calendarsRead", "exchangeScope", "roomLists", "handshake", "partner", *REMEDIES,
}  # fmt: skip


@pytest.fixture
def world() -> Iterator[DoctorWorld]:
    """Return a world in which everything is well, with one watch."""
    made = DoctorWorld(ALLOWED_MAILBOXES=f"{MAILBOX}, {SECOND}")
    made.watch()
    made.probe.calendars[OUTSIDE] = FORBIDDEN
    yield made
    made.end()


def found(world: DoctorWorld, request: DoctorRequest = BOTH) -> dict[str, Finding]:
    """Return the findings by name."""
    return {finding.name: finding for finding in world.doctor.examine(request)}


def wrong(world: DoctorWorld, request: DoctorRequest = BOTH) -> dict[str, Finding]:
    """Return what is not well; each of it says what to do, and no secret."""
    findings = {name: finding for name, finding in found(world, request).items() if finding.ok is False}
    assert all(finding.remedy and SECRET not in finding.detail for finding in findings.values())
    return findings


def test_all_is_well(world: DoctorWorld) -> None:
    """Everything is tried; the partner gets one ping, in which nothing of a calendar is."""
    findings = found(world)
    assert findings.keys() == NAMES
    assert {name for name, finding in findings.items() if finding.ok is not True} == set()
    ((message_id, body),) = world.webhook.taken
    assert message_id.startswith("msg_ping_")
    assert body == {"type": "calendar.relay.ping", "timestamp": "2026-11-20T10:00:00Z", "data": {}}


def test_every_mailbox_is_read_once(world: DoctorWorld) -> None:
    """Permission and scope are told from the same readings; the vault is asked anew."""
    found(world)
    assert sorted(world.probe.reads) == sorted([OUTSIDE, MAILBOX, SECOND])
    assert sorted(world.secrets.fresh) == ["client-state-key", "graph-client-secret", "partner-signing-secret"]


def _secret(name: str, value: Any) -> Callable[[DoctorWorld], None]:
    return lambda world: world.secrets.values.update({name: value})


def _calendar(**ends: Any) -> Callable[[DoctorWorld], None]:
    def break_it(world: DoctorWorld) -> None:
        world.probe.granted = frozenset(ends.get("roles", ()))
        inside, second = ends.get("inside"), ends.get("second")
        world.probe.calendars = {MAILBOX: inside, SECOND: second, OUTSIDE: ends.get("outside", FORBIDDEN)}

    return break_it


def _partner(failure: NotDelivered) -> Callable[[DoctorWorld], None]:
    return lambda world: setattr(world.webhook, "failure", failure)


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
    "login refuses": (
        lambda world: setattr(world.probe, "no_token", ConfigurationError("s", "refused (AADSTS7000222)")),
        "token", "AADSTS7000222", "expired"),
    "more is granted than needed": (
        _calendar(roles=("Place.Read.All", "Mail.Read")), "token", "more than is needed: Mail.Read",
        "Revoke-RelayPermission.ps1 -AppId CLIENT_ID -Permission Mail.Read."),
    "Entra ID opens every calendar": (
        _calendar(roles=("Calendars.Read",)), "token", "every calendar of the tenant",
        "-Permission Calendars.Read."),
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
    "storage refuses": (
        lambda world: setattr(world.store, "failure", ConfigurationError("AzureWebJobsStorage", "storage refuses us")),
        "storage", "refuses", "identity"),
    "the handshake fails": (
        lambda world: world.store.wrong.update({"/api/lifecycle": "answers 401, and not 200"}),
        "handshake", "/api/lifecycle answers 401", "PUBLIC_BASE_URL"),
    "the clock is wrong": (_skewed, "clock", "360 s behind", "Restart"),
    "the partner is away": (_partner(NotDelivered(0, "no answer (Timeout)")), "partner", "Timeout", "endpoint is up"),
    "a certificate is wrong": (_partner(NotDelivered(0, "no answer (SSLError)")), "partner", "SSL", "certificate"),
    "a signature is refused": (_partner(NotDelivered(401, "status 401")), "partner", "401", "signing secret"),
    "a redirect": (_partner(NotDelivered(307, "status 307")), "partner", "307", "never followed"),
    "a ping that is not known": (_partner(NotDelivered(422, "status 422")), "partner", "422", "calendar.relay.ping"),
    "a partner that fails": (_partner(NotDelivered(503, "status 503")), "partner", "503", "none is lost"),
    "a teapot": (_partner(NotDelivered(418, "status 418")), "partner", "418", "by itself"),
    "a partner that is gone": (_partner(NotDelivered(410, "status 410")), "partner", "410", "resume"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_alone_and_with_what_to_do(world: DoctorWorld, name: str) -> None:
    """One fault, one finding that is not ok."""
    break_it, check, seen, to_do = FAULTS[name]
    break_it(world)
    findings = wrong(world)
    assert list(findings) == [check]
    assert seen in findings[check].detail
    assert to_do in findings[check].remedy


def test_a_scope_cannot_be_told_without_the_permission(world: DoctorWorld) -> None:
    """One cause is named once."""
    _calendar(inside=FORBIDDEN, second=FORBIDDEN)(world)
    assert found(world)["exchangeScope"].ok is None


def test_a_grant_for_the_whole_tenant_is_wrong_though_everything_can_be_read(world: DoctorWorld) -> None:
    """What Exchange grants is in no token, so Calendars.Read in one defeats the scope; nobody has to name a mailbox."""
    world.probe.granted = frozenset({"Calendars.Read"})
    findings = found(world, DoctorRequest())
    assert {name: findings[name].ok for name in ("token", "calendarsRead", "exchangeScope")} == {
        "token": False, "calendarsRead": True, "exchangeScope": None}  # fmt: skip


@pytest.mark.parametrize("roles", [(), ("Place.Read.All",)])
def test_what_exchange_cannot_scope_may_be_in_the_token(world: DoctorWorld, roles: tuple[str, ...]) -> None:
    """A token without any permission is as it should be."""
    world.probe.granted = frozenset(roles)
    assert wrong(world) == {}
    assert (", ".join(roles) or "nothing") in found(world)["token"].detail


def test_the_scope_is_not_proven_by_what_may_be_read_alone(world: DoctorWorld) -> None:
    """Without names the live watches are read."""
    finding = found(world, DoctorRequest())["exchangeScope"]
    assert (finding.ok, "refused" in finding.remedy, world.probe.reads) == (None, True, [MAILBOX])


def test_without_watches_a_mailbox_has_to_be_named() -> None:
    """There is nothing to try then."""
    findings = found(DoctorWorld(), DoctorRequest())
    assert (findings["calendarsRead"].ok, findings["calendarsRead"].detail) == (None, "no mailbox is watched yet")


@pytest.mark.parametrize(
    ("allowed", "seen"),
    [("", "is empty"), ("room9@contoso.com", f"does not hold {MAILBOX}"), ("@contoso.com", f"holds {OUTSIDE}")],
)
def test_the_allow_list_is_held_against_the_mailboxes(allowed: str, seen: str) -> None:
    """Too narrow, or too wide."""
    world = DoctorWorld(ALLOWED_MAILBOXES=allowed)
    world.probe.calendars[OUTSIDE] = FORBIDDEN
    assert seen in wrong(world)["allowList"].detail


def test_every_broken_setting_is_named() -> None:
    """By what is wrong, never by its value."""
    finding = wrong(DoctorWorld(TENANT_ID="", SETTLE_SECONDS="canary"))["settings"]
    assert "TENANT_ID: is not set" in finding.detail
    assert "canary" not in finding.detail
    assert "Set SETTLE_SECONDS, TENANT_ID" in finding.remedy


@pytest.mark.parametrize(("failure", "seen"), [(FORBIDDEN, "Place.Read.All"), (UNKNOWN, "Correct its address")])
def test_room_lists_are_tried_where_they_are_used(failure: Any, seen: str) -> None:
    """And nowhere else."""
    world = DoctorWorld(ALLOWED_MAILBOXES=f"{MAILBOX}, roomlist:building1@contoso.com")
    world.probe.room_list = failure
    world.probe.calendars[OUTSIDE] = FORBIDDEN
    assert seen in wrong(world, DoctorRequest((MAILBOX,)))["roomLists"].remedy


def test_a_partner_that_nothing_may_leave_for_gets_no_ping(world: DoctorWorld) -> None:
    """A pause is a pause; it is named by the deliveries."""
    world.breaker.transition("paused", "A freeze")
    findings = found(world)
    assert (findings["partner"].ok, findings["deliveries"].ok) == (None, False)
    assert "resume" in findings["deliveries"].remedy
    assert world.webhook.tried == []


def test_no_ping_is_sent_that_nobody_asked_for(world: DoctorWorld) -> None:
    """It can be left out."""
    assert found(world, DoctorRequest(ping=False))["partner"].ok is None
    assert world.webhook.tried == []


def test_what_waits_for_a_person_is_told(world: DoctorWorld) -> None:
    """Dead letters, a timer that stands still."""
    message = world.hint("A")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 422)
    world.heartbeat.beat(world.time - timedelta(hours=4))
    assert wrong(world).keys() == {"deadLetters", "reconciler"}


def test_what_breaks_hides_nothing(world: DoctorWorld) -> None:
    """A part that raises what nobody expected is one finding."""

    def breaks() -> None:
        raise ZeroDivisionError("canary")

    world.store.row = breaks  # type: ignore[method-assign]
    assert wrong(world)["storage"].detail == "could not be tried (ZeroDivisionError)"
