"""A simulated Graph that serves in a thread, and the calls of its tests."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from sandbox.tenant.graph import types
from sandbox.tenant.state import Tenant
from sandbox.tenant.tokens import GRAPH
from tests.support.receiver import Receiver

TENANT_ID = "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10"
ROOM = "room1@contoso.com"
OTHER_ROOM = "room2@contoso.com"
USER = "kari@contoso.com"
APP = "11111111-2222-4333-8444-555555555555"
OTHER_APP = "22222222-2222-4333-8444-555555555555"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


@dataclass
class World:
    """The tenant, its address, and an app's endpoint."""

    tenant: Tenant
    url: str
    receiver: Receiver
    session: requests.Session = field(default_factory=requests.Session)

    def graph(self, method: str, path: str, body: Any = None, *, app: str = APP, **headers: str) -> requests.Response:
        """Call Graph as an app; header names have _ instead of -."""
        token, _ = self.tenant.tokens.issue(self.tenant.clients[app], GRAPH)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("https://") else f"{self.url}/v1.0{path}"
        headed = {"Authorization": f"Bearer {token}", **named}
        return self.session.request(method, url, json=body, headers=headed, timeout=180)

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        """GET a resource that must exist."""
        answer = self.graph("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Send a control request and return its JSON; without a status any success is accepted."""
        answer = self.session.request(method, f"{self.url}/_control{path}", json=body, timeout=180)
        assert answer.ok if status is None else answer.status_code == status, answer.text
        return answer.json()

    def book(self, room: str = ROOM, **body: Any) -> dict[str, Any]:
        """Book a meeting of one hour, tomorrow at noon by default, and return it."""
        day = f"{self.now() + timedelta(days=1):%Y-%m-%d}"
        times = {"start": f"{day}T12:00:00", "end": f"{day}T13:00:00"}
        return dict(self.control("POST", f"/calendars/{room}/events", {"subject": "Board meeting", **times, **body}))

    def subscription(self, **changes: Any) -> dict[str, Any]:
        """Return a subscription's body; a change to None removes a property."""
        body = {
            "changeType": "created,updated,deleted",
            "notificationUrl": self.receiver.url,
            "resource": f"users/{ROOM}/events",
            "clientState": "state",
            "expirationDateTime": self.after(days=6),
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}

    def subscribe(self, headers: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
        """Create a subscription and return it."""
        answer = self.graph("POST", "/subscriptions", self.subscription(**changes), **(headers or {}))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def flush(self, *, rooms: bool = False) -> dict[str, Any]:
        """Send all waiting notifications, and return the sender's counters."""
        return dict(self.control("POST", "/notifications/flush", {"rooms": rooms}))

    def now(self) -> datetime:
        """Return the tenant's time."""
        return self.tenant.clock.now()

    def after(self, **delta: float) -> str:
        """Return a later time as ISO 8601."""
        return f"{self.now() + timedelta(**delta):%Y-%m-%dT%H:%M:%SZ}"


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Return the status and Graph's code of a failed call, and assert that its body has Graph's shape."""
    error = answer.json()["error"]
    assert error["message"]
    assert error["innerError"].keys() == {"date", "request-id", "client-request-id"}
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    return answer.status_code, error["code"]


def fits(name: str, body: Any) -> bool:
    """Assert that a body fits Graph's published type."""
    errors = types.faults(name, body)
    assert not errors, errors
    return True
