"""The partner's web application: webhook, direct receiver, page and control."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.partner import contract, control
from sandbox.partner.appointments import Appointments
from sandbox.partner.behaviour import Behaviours
from sandbox.partner.deliveries import Deliveries
from sandbox.partner.direct import DirectReceiver
from sandbox.partner.page import HEADERS, page
from sandbox.partner.receive import Calendars, Receiver
from sandbox.partner.webhook import WebhookRoute


@dataclass
class Partner:
    """The state of a running partner, in memory."""

    receiver: Receiver
    appointments: Appointments = field(default_factory=Appointments)
    deliveries: Deliveries = field(default_factory=Deliveries)
    behaviours: Behaviours = field(default_factory=Behaviours)
    direct: DirectReceiver = field(default_factory=DirectReceiver)
    raw: list[dict[str, Any]] = field(default_factory=list)

    def forget(self) -> None:
        """Forget everything that was received; secrets, behaviours and clientStates stay."""
        self.receiver.calendars.forget()
        self.receiver.applied.clear()
        self.appointments.forget()
        self.deliveries.forget()
        self.direct.forget()
        self.raw.clear()


def application(secrets: list[str]) -> web.Application:
    """Build the application for these `whsec_…` secrets. Raises ValueError when one is not base64."""
    partner = Partner(Receiver(secrets, Calendars(), contract.violations))
    app = web.Application(middlewares=[_keep_raw(partner), control.errors_as_json])
    route = WebhookRoute(partner.receiver, partner.deliveries, partner.behaviours, partner.appointments)

    async def show(_request: web.Request) -> web.Response:
        """Handle GET /."""
        text = page(partner.receiver.calendars, partner.deliveries.attempts)
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
    """Return a middleware that stores every request on every path, so that a search for leaks is complete."""

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Store the request, then handle it."""
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
