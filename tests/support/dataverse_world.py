"""A tenant with a Dynamics 365 environment that serves in a thread, and the calls of its tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from sandbox.dataverse.organization import Organization
from sandbox.tenant.seed import Seed, tenant_from
from sandbox.tenant.state import Tenant
from tests.support.serving import serving_all

TENANT_ID = "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10"
APP = "11111111-2222-4333-8444-555555555555"
OTHER_APP = "22222222-2222-4333-8444-555555555555"
OLA, KARI, ROOM = "ola@contoso.com", "kari@contoso.com", "room1@contoso.com"
BOOKINGS = "bookableresourcebookings"
TRACKED = {"Prefer": "odata.track-changes"}
REPRESENTATION = {"Prefer": "return=representation"}
QUICK = {"hookSpreadSeconds": 0, "hookTwice": 0, "hookRetrySeconds": 0, "fieldServiceSeconds": [1, 60]}


@dataclass
class DataverseWorld:
    """The tenant, its environment, and calls of the Web API as an app."""

    tenant: Tenant
    organization: Organization
    session: requests.Session = field(default_factory=requests.Session)
    identity_url: str = ""
    """The managed identity endpoint."""
    graph_url: str = ""

    @property
    def url(self) -> str:
        """The environment's address."""
        return self.organization.url

    def token(self, app: str = APP, audience: str = "") -> str:
        """Return an app's token for the environment, or for another audience."""
        return self.tenant.tokens.issue(self.tenant.clients[app], audience or self.url)[0]

    def api(
        self, method: str, path: str, body: Any = None, *, app: str = APP, token: str | None = None, **headers: str
    ) -> requests.Response:
        """Call the Web API as an app; header names have _ instead of -. An address of a link may be given whole."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("https://") else f"{self.url}/api/data/v9.2/{path}"
        headed = {"Authorization": f"Bearer {token or self.token(app)}", **named}
        return self.session.request(method, url, json=body, headers=headed, timeout=180)

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        """GET what must exist."""
        answer = self.api("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Send a control request, which must succeed, and return its JSON."""
        url = f"{self.url}/_control{path}"
        answer = self.session.request(method, url, json=body, params=query, timeout=180)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def id_of(self, name: str) -> str:
        """Return the id of a seeded row, such as "status:Committed" or "resource:ola@contoso.com"."""
        return self.organization.ids[name]

    def booking(
        self, *, hours: float = 24, resource: str = OLA, status: str = "Committed", **more: Any
    ) -> dict[str, Any]:
        """Return the body of a booking of one hour that starts in some hours."""
        start = self.tenant.clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        body = {
            "name": "Visit",
            "starttime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "endtime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "duration": 60,
            "Resource@odata.bind": f"/bookableresources({self.id_of(f'resource:{resource}')})",
            "BookingStatus@odata.bind": f"/bookingstatuses({self.id_of(f'status:{status}')})",
            **more,
        }
        return {name: value for name, value in body.items() if value is not None}

    def book(self, **more: Any) -> str:
        """Make a booking as a dispatcher and return its id."""
        made = self.control("POST", f"/rows/{BOOKINGS}", self.booking(**more))
        return str(made["bookableresourcebookingid"])

    def work_order(self) -> str:
        """Make a work order and return its address for a bind."""
        made = self.control("POST", "/rows/msdyn_workorders", {"msdyn_name": "WO-1"})
        return f"/msdyn_workorders({made['msdyn_workorderid']})"

    def row(self, booking_id: str) -> dict[str, Any]:
        """Return a booking as it is."""
        return dict(self.control("GET", f"/rows/{BOOKINGS}/{booking_id}"))


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Return the status and code of a failed call, and assert that it has the Web API's shape."""
    error = answer.json()["error"]
    assert error.keys() == {"code", "message"}
    assert error["message"]
    return answer.status_code, error["code"]


@contextmanager
def dataverse_world(folder: Path, people: Sequence[str] = (OLA, KARI), **dataverse: Any) -> Iterator[DataverseWorld]:
    """Serve a tenant with people, a room, two apps and an environment; keywords are keys of its seed."""
    seed = {
        "tenantId": TENANT_ID,
        "identityHeader": "identity-header",
        "clients": [{"clientId": app, "roles": ["Calendars.ReadWrite"], "secrets": ["s"]} for app in (APP, OTHER_APP)],
        "managedIdentities": [{"clientId": None}],
        "mailboxes": [
            *({"address": each, "displayName": each.partition("@")[0].capitalize()} for each in people),
            {"address": ROOM, "kind": "room"},
        ],
        "dataverse": {**dataverse, "settings": {**QUICK, **dataverse.get("settings", {})}},
    }  # fmt: skip
    tenant = tenant_from(Seed.model_validate(seed), folder)
    with serving_all(tenant) as addresses, requests.Session() as session:
        session.trust_env, session.verify = False, str(folder / "ca.pem")
        yield DataverseWorld(tenant, tenant.dataverse.seeded, session, addresses.identity_url, addresses.url)
