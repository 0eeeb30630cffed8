"""Exchange's grants are separate from Entra's roles, have a scope, and apply to calendars alone."""

import jwt
import pytest

from sandbox.tenant.tokens import GRAPH
from tests.support.graph_world import APP, OTHER_APP, OTHER_ROOM, ROOM, World, refusal

pytestmark = pytest.mark.server

EVENTS, OTHER_EVENTS = f"/users/{ROOM}/events", f"/users/{OTHER_ROOM}/events"
READ, WRITE = "Application Calendars.Read", "Application Calendars.ReadWrite"
DENIED = (403, "ErrorAccessDenied")
DAY = {"StartTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"},
       "EndTime": {"dateTime": "2026-12-02T00:00:00", "timeZone": "UTC"}}  # fmt: skip


def _granted(world: World, *entra: str, **exchange: list[str] | None) -> None:
    """Give the app these roles in Entra, and in Exchange `read` and `write`, and nothing else."""
    names = {"read": READ, "write": WRITE}
    roles = {names[name]: scope for name, scope in exchange.items()}
    world.control("POST", f"/clients/{APP}", {"roles": list(entra), "exchangeRoles": roles})


def test_a_token_does_not_show_exchange_grants(world: World) -> None:
    """The token has no role, but events and subscriptions of the scope's mailboxes are accessible."""
    _granted(world, read=[ROOM.upper()])
    token, _ = world.tenant.tokens.issue(world.tenant.clients[APP], GRAPH)
    assert "roles" not in jwt.decode(token, options={"verify_signature": False})
    booked = world.book(body="Agenda")
    assert world.get(f"{EVENTS}/{booked['id']}")["bodyPreview"] == "Agenda"
    made = world.subscribe()
    assert [one["id"] for one in world.get("/subscriptions")["value"]] == [made["id"]]
    assert world.graph("DELETE", f"/subscriptions/{made['id']}").status_code == 204


def test_a_grant_does_not_apply_outside_its_scope(world: World) -> None:
    """Events, schedules, calendars and subscriptions are 403; another app is not limited by the scope."""
    _granted(world, read=[OTHER_ROOM])
    assert world.graph("GET", OTHER_EVENTS).status_code == 200
    for path in (EVENTS, f"/users/{ROOM}/calendars"):
        assert refusal(world.graph("GET", path)) == DENIED
    body = {"Schedules": [ROOM, OTHER_ROOM], **DAY}
    schedules = world.graph("POST", f"/users/{OTHER_ROOM}/calendar/getSchedule", body).json()["value"]
    assert [one.get("error", {}).get("responseCode") for one in schedules] == ["ErrorNoFreeBusyAccess", None]
    assert refusal(world.graph("POST", "/subscriptions", world.subscription())) == (403, "ExtensionError")
    assert refusal(world.graph("GET", "/users/nobody@contoso.com/events"))[0] == 404
    assert world.graph("GET", EVENTS, app=OTHER_APP).status_code == 200


def test_an_empty_scope_grants_nothing(world: World) -> None:
    """An empty group differs from no scope."""
    _granted(world, read=[])
    assert refusal(world.graph("GET", EVENTS)) == DENIED
    _granted(world, read=None)
    assert [world.graph("GET", path).status_code for path in (EVENTS, OTHER_EVENTS)] == [200, 200]


def test_grants_add_up(world: World) -> None:
    """A role in Entra applies to every mailbox, so the scope does not limit it."""
    _granted(world, "Calendars.Read", read=[OTHER_ROOM])
    assert world.graph("GET", EVENTS).status_code == 200
    _granted(world, read=[OTHER_ROOM])
    assert refusal(world.graph("GET", EVENTS)) == DENIED


def test_each_grant_has_a_scope_of_its_own(world: World) -> None:
    """A scope for reading does not allow writing."""
    _granted(world, read=[ROOM], write=[OTHER_ROOM])
    body = {"name": "Projects"}
    assert refusal(world.graph("POST", f"/users/{ROOM}/calendars", body)) == DENIED
    assert world.graph("POST", f"/users/{OTHER_ROOM}/calendars", body).status_code == 201
    answer = world.graph("POST", "/subscriptions", world.subscription(resource=f"{OTHER_EVENTS.lstrip('/')}"))
    assert refusal(answer) == (403, "ExtensionError")  # a write permission is not taken where reading is enough


def test_properties_are_decided_for_each_mailbox(world: World) -> None:
    """Entra's ReadBasic shows the basic properties of all, Exchange's scope the bodies of its own mailboxes."""
    _granted(world, "Calendars.ReadBasic.All", read=[ROOM])
    for room, whole in ((ROOM, True), (OTHER_ROOM, False)):
        booked = world.book(room, body="Agenda")
        assert ("bodyPreview" in world.get(f"/users/{room}/events/{booked['id']}")) is whole


def test_exchange_does_not_grant_rooms_bookings_or_the_directory(world: World) -> None:
    """Not even the free times of a booking business, for which Entra's Calendars.Read is enough."""
    world.control("POST", "/bookings", {"address": "shop@contoso.com", "services": [{"displayName": "Repair"}]})
    _granted(world, read=None, write=None)
    for method, path in (("GET", "/places/microsoft.graph.room"), ("GET", "/users"),
                         ("GET", "/solutions/bookingBusinesses"),
                         ("POST", "/solutions/bookingBusinesses/shop@contoso.com/getStaffAvailability")):  # fmt: skip
        assert world.graph(method, path, {}).status_code == 403, path


@pytest.mark.parametrize("roles", [
    {"Calendars.Read": None}, {"Application Calendars.ReadBasic": None}, {"Application Place.Read.All": None},
    {READ: ["no address"]}, {READ: ROOM}, [READ],
])  # fmt: skip
def test_an_unknown_role_of_exchange_is_refused(world: World, roles: object) -> None:
    """Exchange has no other roles for calendars, and a scope is a list of mailboxes."""
    answer = world.control("POST", f"/clients/{APP}", {"exchangeRoles": roles}, status=400)
    assert "exchangeRoles" in answer["error"]
    assert world.tenant.clients[APP].exchange == {}
