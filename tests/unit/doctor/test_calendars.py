"""Claims about the doctor where a feature writes calendars: what is missing is named, and what is too much."""

from __future__ import annotations

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable
from tests.support.doctor_world import OUTSIDE, DoctorWorld
from tests.support.world import MAILBOX

FORBIDDEN = GraphForbidden(403, "ErrorAccessDenied")
SECOND = "room2@contoso.com"


def examined(
    features: str, *roles: str, write: GraphError | None = None, read: GraphError | None = None,
    allowed: tuple[str, ...] = (SECOND, MAILBOX),
) -> dict[str, Finding]:  # fmt: skip
    """Return the findings of a relay with these permissions; the mailbox's calendar fails like this."""
    world = DoctorWorld(ALLOWED_MAILBOXES=f"{MAILBOX}, {SECOND}", FEATURES=features)
    world.probe.granted = frozenset(roles)
    world.probe.calendars = {MAILBOX: read, OUTSIDE: FORBIDDEN}
    world.probe.writes[MAILBOX] = write
    found = {one.name: one for one in world.doctor.examine(DoctorRequest(allowed, (OUTSIDE,), ping=False))}
    world.end()
    return found


@pytest.mark.parametrize("features", ["calendars", "scheduling", "relay, Calendars ,scheduling"])
def test_what_is_needed_is_tried(features: str) -> None:
    """It is granted in Exchange, and so in no token."""
    found = examined(features)
    assert (found["token"].ok, found["calendarsWrite"].ok) == (True, True)
    assert found["calendarsWrite"].detail == f"{SECOND}, {MAILBOX} can be written"


@pytest.mark.parametrize("features", ["", "relay", "bookings"])
def test_without_such_a_feature_nothing_is_tried(features: str) -> None:
    """It is not even written."""
    assert "calendarsWrite" not in examined(features, write=FORBIDDEN)


@pytest.mark.parametrize("features", ["relay", "calendars", "scheduling"])
def test_in_a_token_the_permission_is_too_much(features: str) -> None:
    """Whether a feature needs it or not: there it lets the relay write every calendar of the tenant."""
    finding = examined(features, "Calendars.ReadWrite")["token"]
    assert (finding.ok, "every calendar of the tenant" in finding.detail) == (False, True)
    assert "-Permission Calendars.ReadWrite." in finding.remedy


def test_a_permission_that_is_missing_is_named_with_its_script() -> None:
    """And the mailboxes that suffer."""
    finding = examined("calendars", write=FORBIDDEN)["calendarsWrite"]
    assert finding.ok is False
    assert f"FEATURES names calendars, and {MAILBOX} cannot be written: Calendars.ReadWrite" in finding.detail
    assert "Grant-RelayMailboxAccess.ps1 -Feature calendars." in finding.remedy


@pytest.mark.parametrize(
    ("write", "read", "ok"),
    [
        (FORBIDDEN, FORBIDDEN, None), (GraphNotFound(404, "ErrorInvalidUser"), None, None),
        (GraphUnavailable(503, "x"), None, False),
    ],
)  # fmt: skip
def test_one_cause_is_named_once(write: GraphError, read: GraphError | None, ok: bool | None) -> None:  # noqa: FBT001
    """A mailbox that cannot be read, or is none, is the matter of another finding."""
    finding = examined("calendars", write=write, read=read)["calendarsWrite"]
    assert finding.ok is ok
    assert finding.remedy


def test_without_watches_a_mailbox_has_to_be_named() -> None:
    """There is nothing to try then."""
    finding = examined("calendars", allowed=())["calendarsWrite"]
    assert (finding.ok, finding.detail) == (None, "no mailbox is watched yet")
