"""The functions of the feature calendars on the simulated Graph, which validates every request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions import auth, calendars
from functions.calendars import create_event
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of, tenant_world

AT = {"mailbox": USER}
MEETING = {"title": "Canary budget", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00",
           "timeZone": "Europe/Oslo"}  # fmt: skip
PUBLIC = {"id", "seriesId", "title", "start", "end", "startDate", "endDate", "allDay", "availability", "cancelled",
          "etag"}  # fmt: skip
DECEMBER = {"start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}


@pytest.fixture
def world(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantWorld]:
    """Return a world that the functions use as the process's relay."""
    with tenant_world(certificates) as tenant:
        for module in (auth, calendars):
            monkeypatch.setattr(module, "relay", lambda: tenant)
        yield tenant


def created(**event: Any) -> dict[str, Any]:
    """Create an event and return it."""
    return json_of(create_event, 201, body=MEETING | event, route_params=AT)


def truth(world: TenantWorld, mailbox: str = USER, **window: str) -> list[dict[str, Any]]:
    """Return the tenant's events of December, with all fields."""
    query = "&".join(f"{name}={value}" for name, value in (DECEMBER | window).items())
    events: list[dict[str, Any]] = world.control("GET", f"/calendars/{mailbox}?{query}")["value"]
    return events


def at(event: dict[str, Any], mailbox: str = USER) -> dict[str, str]:
    """Return the route parameters of an event."""
    return {"mailbox": mailbox, "id": event["id"]}
