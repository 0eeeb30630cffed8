"""The functions of the feature rooms on the simulated Graph, which validates every request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions import auth, rooms
from functions.rooms import list_rooms
from sandbox.tenant.state import Mailbox
from shared.graph.rooms import Rooms
from tests.support.busy_scene import Scene
from tests.support.graph_world import APP
from tests.support.tenant_world import TenantWorld, json_of, tenant_world

BUILDING = "building1@contoso.com"


@pytest.fixture
def world(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantWorld]:
    """Return a world that the functions use as the process's relay; its app may read rooms and calendars."""
    with tenant_world(certificates) as tenant:
        tenant.time = datetime(2026, 11, 20, 10, tzinfo=UTC)
        for module in (auth, rooms):
            monkeypatch.setattr(module, "relay", lambda: tenant)
        vars(tenant)["rooms"] = Rooms(tenant.graph)
        grant(tenant, "Place.Read.All", "Calendars.Read")
        tenant.set(FEATURES="rooms")
        yield tenant


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Return a scene."""
    scene = Scene()
    yield scene
    scene.world.end()


def grant(world: TenantWorld, *roles: str) -> None:
    """Let the tenant grant these permissions and no others."""
    world.control("POST", f"/clients/{APP}", {"roles": [*roles]})


def allow(world: TenantWorld, allowed: str) -> None:
    """Change ALLOWED_MAILBOXES."""
    world.set(FEATURES="rooms", ALLOWED_MAILBOXES=allowed)


def add_rooms(world: TenantWorld, count: int) -> list[str]:
    """Add rooms to the tenant, and return their addresses."""
    addresses = [f"hall{number:03}@contoso.com" for number in range(count)]
    for address in addresses:
        world.tenant.add_mailbox(Mailbox(address, f"Hall {address[4:7]}", kind="room"))
    return addresses


def listed(**params: str) -> dict[str, Any]:
    """Return a page of rooms."""
    return json_of(list_rooms, 200, method="GET", params=params)


def mailboxes(page: dict[str, Any]) -> set[str]:
    """Return the addresses on a page."""
    return {room["mailbox"] for room in page["value"]}


def readings(world: TenantWorld) -> int:
    """Return how many pages of rooms Graph has been asked for."""
    return sum(count for call, count in world.tenant.calls.items() if "/places/" in call)
