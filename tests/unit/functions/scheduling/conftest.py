"""The functions of the feature scheduling on the simulated Graph, which validates every request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions import auth, scheduling
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, tenant_world

AT = {"mailbox": USER}
OFFICE = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00.0000000",
          "endTime": "16:00:00.0000000", "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip
TALK = {"start": "2026-12-01T10:00:00", "duration": 30, "timeZone": "Europe/Oslo", "title": "Canary mortgage",
        "customer": {"name": "Canary Nordmann", "email": "canary@customer.example"}}  # fmt: skip


@pytest.fixture
def world(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantWorld]:
    """Return a world that the functions use as the process's relay, at the tenant's time."""
    with tenant_world(certificates) as tenant:
        tenant.time = datetime(2026, 11, 20, 10, tzinfo=UTC)
        for module in (auth, scheduling):
            monkeypatch.setattr(module, "relay", lambda: tenant)
        tenant.control("PUT", f"/calendars/{USER}/workingHours", OFFICE)
        yield tenant


def truth(world: TenantWorld, mailbox: str = USER) -> list[dict[str, Any]]:
    """Return the tenant's events from November to January, with all fields."""
    window = "start=2026-11-01T00:00:00Z&end=2027-02-01T00:00:00Z"
    events: list[dict[str, Any]] = world.control("GET", f"/calendars/{mailbox}?{window}")["value"]
    return events
