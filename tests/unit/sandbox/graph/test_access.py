"""Tokens, and the roles that Entra grants."""

import pytest

from sandbox.tenant.tokens import VAULT
from tests.support.graph_world import APP, ROOM, World, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{ROOM}/events"


def _roles(world: World, *roles: str) -> None:
    """Give the app exactly these roles."""
    world.control("POST", f"/clients/{APP}", {"roles": list(roles)})


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer nonsense", "Basic YTpi"])
def test_no_token_gets_401(world: World, header: str | None) -> None:
    """Without a readable token every request gets 401 with a challenge."""
    headers = {} if header is None else {"Authorization": header}
    answer = world.session.get(f"{world.url}/v1.0{EVENTS}", headers=headers, timeout=180)
    assert refusal(answer) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_vaults_token_gets_401(world: World) -> None:
    """Graph rejects a token for another resource."""
    token, _ = world.tenant.tokens.issue(world.tenant.clients[APP], VAULT)
    answer = world.session.get(f"{world.url}/v1.0{EVENTS}", headers={"Authorization": f"Bearer {token}"}, timeout=180)
    assert refusal(answer) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["Calendars.Read"], 200),
        (["Calendars.ReadWrite"], 200),
        (["Calendars.ReadBasic.All"], 200),
        ([], 403),
        (["User.Read.All"], 403),
        (["Calendars.Read.All"], 403),
    ],
)
def test_events_need_a_calendar_role(world: World, roles: list[str], status: int) -> None:
    """Each calendar role may read events; Calendars.Read.All is a different role despite its name."""
    _roles(world, *roles)
    answer = world.graph("GET", EVENTS)
    assert answer.status_code == status
    if status == 403:
        assert refusal(answer) == (403, "ErrorAccessDenied")


def test_read_basic_hides_bodies(world: World) -> None:
    """Calendars.ReadBasic gives titles and times only, whatever is selected."""
    booked = world.book(body="Agenda")
    _roles(world, "Calendars.ReadBasic")
    for query in ("", "?$select=subject,body,bodyPreview"):
        event = world.get(f"{EVENTS}/{booked['id']}{query}")
        assert event["subject"] == "Board meeting"
        assert not {"body", "bodyPreview", "hasAttachments"} & event.keys()


@pytest.mark.parametrize("roles", [["Calendars.ReadBasic.All"], ["Calendars.ReadWrite"], []])
def test_subscriptions_need_calendars_read(world: World, roles: list[str]) -> None:
    """No other role is enough, at creation or later; Exchange's error is wrapped."""
    made = world.subscribe()
    _roles(world, *roles)
    answer = world.graph("POST", "/subscriptions", world.subscription(changeType="created"))
    assert refusal(answer) == (403, "ExtensionError")
    for method, path in (
        ("GET", "/subscriptions"),
        ("GET", f"/subscriptions/{made['id']}"),
        ("DELETE", f"/subscriptions/{made['id']}"),
    ):
        assert refusal(world.graph(method, path))[0] == 403


@pytest.mark.parametrize(
    ("path", "role", "code"),
    [
        ("/users", "User.ReadBasic.All", "Authorization_RequestDenied"),
        (f"/users/{ROOM}", "User.Read.All", "Authorization_RequestDenied"),
        ("/places/microsoft.graph.room", "Place.Read.All", "ErrorAccessDenied"),
    ],
)
def test_the_directory_and_rooms_need_their_own_roles(world: World, path: str, role: str, code: str) -> None:
    """Calendars.Read is enough for neither."""
    assert refusal(world.graph("GET", path)) == (403, code)
    _roles(world, role)
    assert world.graph("GET", path).status_code == 200
