"""The partner as a receiver of Graph's own notifications (delivery "direct"), which checks the clientState.

Follows "Graph: Change notifications, delivery through webhooks" (validation handshake, clientState, 202).
"""

import hmac
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class DirectReceiver:
    """Keeps Graph's notifications with a registered clientState; counts the others."""

    client_states: set[str] = field(default_factory=set)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    handshakes: int = 0
    refused: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Handle POST /graph: respond to a handshake with the decoded token, otherwise with 202."""
        if "validationToken" in request.query:
            self.handshakes += 1
            return web.Response(text=request.query["validationToken"], content_type="text/plain")
        try:
            items = (await request.json())["value"]
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400)
        for item in items if isinstance(items, list) else []:
            self._take(item)
        return web.Response(status=202)

    def _take(self, item: Any) -> None:
        """Keep an item that carries a registered clientState."""
        state = item.get("clientState") if isinstance(item, dict) else None
        if isinstance(state, str) and any(_same(state, registered) for registered in self.client_states):
            self.notifications.append(item)
        else:
            self.refused += 1

    def listed(self) -> dict[str, Any]:
        """Return everything received and counted as JSON, without the clientStates."""
        return {"notifications": self.notifications, "handshakes": self.handshakes, "refused": self.refused}

    def forget(self) -> None:
        """Forget what was received; the registered clientStates stay."""
        self.notifications.clear()
        self.handshakes = self.refused = 0


def _same(left: str, right: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))
