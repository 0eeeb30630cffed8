"""The partner as Graph's own receiver (delivery "direct"): Graph posts to it, and it checks the clientState.

Rests on "Graph: Change notifications, delivery through webhooks" (validation handshake, clientState, 202).
"""

import hmac
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class DirectReceiver:
    """Graph's notifications whose clientState is registered; the others are counted and not kept."""

    client_states: set[str] = field(default_factory=set)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    handshakes: int = 0
    refused: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer POST /graph: the decoded token for a handshake, otherwise 202."""
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
        """Keep an item that carries a clientState which we were given at set-up."""
        state = item.get("clientState") if isinstance(item, dict) else None
        if isinstance(state, str) and any(_same(state, known) for known in self.client_states):
            self.notifications.append(item)
        else:
            self.refused += 1

    def listed(self) -> dict[str, Any]:
        """Everything taken and counted, as JSON; the clientStates themselves are not told."""
        return {"notifications": self.notifications, "handshakes": self.handshakes, "refused": self.refused}

    def forget(self) -> None:
        """Forget what came; the registered clientStates stay."""
        self.notifications.clear()
        self.handshakes = self.refused = 0


def _same(one: str, other: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
