"""The functions over the simulated Graph, with the real client between them; no host and no other process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import azure.functions as func
import requests

from sandbox.tenant.seed import Seed, tenant_from
from sandbox.tenant.state import Tenant
from sandbox.tenant.tokens import GRAPH
from shared.config import Settings
from shared.graph.booked_events import BookedEvents
from shared.graph.calendars import Calendars
from shared.graph.client import GraphClient, graph_session
from shared.graph.schedules import Schedules
from shared.storage.slot_bookings import SlotBookings
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, TENANT_ID, USER
from tests.support.serving import serving
from tests.support.world import SETTINGS
from tests.unit.functions.conftest import HostWorld, call, content_of

QUICK = {"seed": 1, "hintsPerChange": [1, 1], "hintSpreadSeconds": 0, "batchSeconds": 0, "latencySeconds": 0,
         "flipSeconds": 3600}  # fmt: skip


class TenantWorld(HostWorld):
    """A host's world whose Graph is the simulated tenant. `detail` is EVENT_DETAIL."""

    def __init__(self, tenant: Tenant, url: str, certificates: Path) -> None:
        super().__init__()
        self.tenant, self.url = tenant, url
        self.session = graph_session(f"{url}/v1.0")
        self.session.trust_env, self.session.verify = False, str(certificates / "ca.pem")
        self.graph = GraphClient(lambda: f"{url}/v1.0", self.token, lambda: self.session)
        self.calendars = Calendars(self.graph)
        self.schedules, self.booked_events = Schedules(self.graph), BookedEvents(self.graph)
        self.slot_bookings = SlotBookings(lambda: self.rows)

    def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002  (the client's signature)
        """Return a token of the relay's app."""
        return self.tenant.tokens.issue(self.tenant.clients[APP], GRAPH)[0]

    def set(self, **settings: str) -> None:
        """Replace the settings."""
        self.settings = Settings.load(SETTINGS | settings)
        for service in ("calendar_service", "slot_booker", "booking_changer"):  # built again on the new settings
            self.__dict__.pop(service, None)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do something in the tenant as a person does."""
        response: requests.Response = self.session.request(method, f"{self.url}/_control{path}", json=body, timeout=180)
        assert response.ok, response.text
        return response.json()


@contextmanager
def tenant_world(certificates: Path) -> Iterator[TenantWorld]:
    """Serve a tenant with two rooms and a user; its app may write calendars."""
    mailboxes = [{"address": ROOM, "displayName": "Room 1", "kind": "room"}, {"address": OTHER_ROOM, "kind": "room"},
                 {"address": USER, "displayName": "Kari Nordmann"}]  # fmt: skip
    seed = {"tenantId": TENANT_ID, "identityHeader": "header", "mailboxes": mailboxes, "settings": QUICK,
            "clients": [{"clientId": APP, "roles": ["Calendars.ReadWrite"]}]}  # fmt: skip
    tenant = tenant_from(Seed.model_validate(seed), certificates)
    with serving(tenant) as url:
        world = TenantWorld(tenant, url, certificates)
        yield world
        world.session.close()
        world.end()


def json_of(function: Any, status: int, **given: Any) -> dict[str, Any]:
    """Call a function as the host does, assert its status and return the JSON of its response."""
    response = call(function, **given)
    assert response.status_code == status, response.get_body()
    return content_of(response)


def problem(function: Any, status: int, **given: Any) -> str:
    """Call a function that must reject the request, and return the problem's detail."""
    response: func.HttpResponse = call(function, **given)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.get_body()
    content = json.loads(response.get_body())
    assert content["status"] == status
    return str(content["detail"])
