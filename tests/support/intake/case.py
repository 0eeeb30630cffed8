"""The parts of a case in the intake table: requests in Graph's shape, each with one modification."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

NOTIFICATIONS, LIFECYCLE = "/notifications", "/lifecycle"


@dataclass(frozen=True)
class Target:
    """What a case may use: a watched mailbox with its subscription, and two events that were never notified.

    `trap` belongs to the case: it is delivered if the case is accepted. `never` is shared, and must never be delivered.
    """

    user: str
    subscription: str
    state: str
    tenant: str
    foreign_state: str
    trap: str
    never: str

    def item(self, event: str = "", **bent: Any) -> dict[str, Any]:
        """Return a valid notification of an event (the trap), with some fields changed; None removes a field."""
        event = event or self.trap
        resource = f"Users/{self.user}/Events/{event}"
        data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": 'W/"x"', "id": event}
        sound = {
            "subscriptionId": self.subscription, "tenantId": self.tenant, "clientState": self.state,
            "subscriptionExpirationDateTime": "2036-11-20T10:00:00.0000000Z", "changeType": "updated",
            "resource": resource, "resourceData": data,
        }  # fmt: skip
        return {name: value for name, value in (sound | bent).items() if value is not None}

    def quoted(self, event: str = "") -> str:
        """Return the resource in OData's spelling, percent-encoded as in @odata.id."""
        return f"users('{self.user}')/events('{quote(event or self.trap, safe='')}')"


@dataclass(frozen=True)
class Case:
    """A request, its expected status, and whether its trap must be delivered; `answer` is the expected body."""

    body: Callable[[Target], Any]
    status: int = 202
    delivered: bool = False
    path: str = NOTIFICATIONS
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    answer: str | None = None

    def content(self, target: Target) -> bytes:
        """Return the body: bytes unchanged, anything else as JSON."""
        body = self.body(target)
        return body if isinstance(body, bytes) else json.dumps(body).encode()


def items(**bent: Any) -> Callable[[Target], Any]:
    """Return a body with one changed notification."""
    return lambda target: {"value": [target.item(**bent)]}


def fixed(body: Any) -> Callable[[Target], Any]:
    """Return a body that does not depend on the target."""
    return lambda _: body


def handshake(query: str, status: int = 200, answer: str | None = None, path: str = NOTIFICATIONS, **more: Any) -> Case:
    """Return a validation request with this raw query; its trap is in the body and must not be delivered."""
    return Case(more.pop("body", items()), status, path=f"{path}?{query}", answer=answer, **more)
