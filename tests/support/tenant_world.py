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
from shared.policy.allow_list import AllowList
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
        """Set settings anew."""
        self.settings = Settings.load(SETTINGS | settings)
        self.allow_list = AllowList(lambda: self.settings.allowed_mailboxes, lambda _: [], self.now)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do what a person does in the tenant."""
        answer: requests.Response = self.session.request(method, f"{self.url}/_control{path}", json=body, timeout=15)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def tenant_world(certificates: Path) -> Iterator[TenantWorld]:
    """Serve a tenant with two rooms and a user, whose app may write calendars."""
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


def told(function: Any, status: int, **given: Any) -> dict[str, Any]:
    """Call a function as the host does, and return its answer's JSON once the status is as expected."""
    answer = call(function, **given)
    assert answer.status_code == status, answer.get_body()
    return content_of(answer)


def problem(function: Any, status: int, **given: Any) -> str:
    """Call a function that has to refuse, and return the problem's detail."""
    answer: func.HttpResponse = call(function, **given)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.get_body()
    found = json.loads(answer.get_body())
    assert found["status"] == status
    return str(found["detail"])
