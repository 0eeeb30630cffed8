"""The partner's web application: webhook, direct receiver, page and control, put together."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.partner import control
from sandbox.partner.behaviour import Behaviours
from sandbox.partner.deliveries import Deliveries
from sandbox.partner.direct import DirectReceiver
from sandbox.partner.page import HEADERS, page
from sandbox.partner.picture import Picture
from sandbox.partner.receive import Receiver
from sandbox.partner.webhook import WebhookRoute


@dataclass
class Partner:
    """Everything that a running partner knows; all of it is in memory."""

    receiver: Receiver
    deliveries: Deliveries = field(default_factory=Deliveries)
    behaviours: Behaviours = field(default_factory=Behaviours)
    direct: DirectReceiver = field(default_factory=DirectReceiver)
    raw: list[dict[str, Any]] = field(default_factory=list)

    def forget(self) -> None:
        """Forget all that was received; secrets, behaviours and clientStates stay as they were set."""
        self.receiver.picture.forget()
        self.receiver.applied.clear()
        self.deliveries.forget()
        self.direct.forget()
        self.raw.clear()


def application(secrets: list[str]) -> web.Application:
    """Build the application for these `whsec_…` secrets. Raises ValueError when one of them is not base64."""
    partner = Partner(Receiver(secrets, Picture()))
    app = web.Application(middlewares=[_keep_raw(partner), control.errors_as_json])
    route = WebhookRoute(partner.receiver, partner.deliveries, partner.behaviours)

    async def show(_request: web.Request) -> web.Response:
        """Answer GET /."""
        text = page(partner.receiver.picture, partner.deliveries.attempts)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    app.add_routes(
        [
            web.get("/", show),
            web.post("/webhook", route.handle),
            web.post("/graph", partner.direct.handle),
            *control.routes(partner),
        ]
    )
    return app


def _keep_raw(partner: Partner) -> Any:
    """Make a middleware that keeps all that came, on every path, so that nothing escapes a search."""

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep the request, then let it be answered."""
        if not request.path.startswith("/_control") and request.path != "/":
            partner.raw.append(
                {
                    "method": request.method,
                    "path": request.path_qs,
                    "receivedAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                    "headers": [[name, value] for name, value in request.headers.items()],
                    "body": (await request.read()).decode("utf-8", "backslashreplace"),
                }
            )
        return await handler(request)

    return keep
