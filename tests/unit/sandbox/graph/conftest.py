"""A running Graph per test, with an endpoint to call back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tenant.seed import Seed, tenant_from
from tests.support.graph_world import APP, OTHER_APP, OTHER_ROOM, ROOM, TENANT_ID, USER, World
from tests.support.receiver import Receiver, receiving
from tests.support.serving import serving


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return the tenant's settings: quick, with one notification a change; a test module may override it."""
    return {
        "seed": 1,
        "hintsPerChange": [1, 1],
        "hintSpreadSeconds": 0,
        "batchSeconds": 0,
        "latencySeconds": 0,
        "flipSeconds": 3600,
    }


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    """Serve an endpoint."""
    with receiving(certificates) as receiver:
        yield receiver


@pytest.fixture
def world(certificates: Path, settings: dict[str, Any], receiver: Receiver) -> Iterator[World]:
    """Serve a tenant with two rooms, a user and two apps."""
    mailboxes = [
        {"address": ROOM, "displayName": "Room 1", "kind": "room"},
        {"address": OTHER_ROOM, "kind": "room"},
        {"address": USER, "displayName": "Kari Nordmann"},
    ]
    clients = [{"clientId": app, "roles": ["Calendars.Read"]} for app in (APP, OTHER_APP)]
    seed = {
        "tenantId": TENANT_ID,
        "identityHeader": "header",
        "clients": clients,
        "mailboxes": mailboxes,
        "settings": settings,
    }
    tenant = tenant_from(Seed.model_validate(seed), certificates)
    with serving(tenant) as url:
        world = World(tenant, url, receiver)
        # Not by REQUESTS_CA_BUNDLE: to read a whole bundle of roots takes longer than most of these tests.
        world.session.trust_env, world.session.verify = False, str(certificates / "ca.pem")
        with world.session:
            yield world
