"""A strict fake of Microsoft Graph v1.0, as far as calendars and subscriptions need it.

Written from Microsoft's documents: each file names the pages that it rests on, and says where it is stricter than
Graph, or knows less.
"""

from aiohttp import web

from sandbox.tenant.graph import control, control_bookings, control_service, gateway, settings, types
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.state import Tenant

OTHERS = frozenset({"tokenLifetimeSeconds"})
"""Settings of other parts of the tenant."""


def routes(tenant: Tenant) -> list[web.RouteDef]:
    """Return Graph under /v1.0 and its control routes under /_control."""
    return [
        *gateway.routes(tenant),
        *control.routes(tenant),
        *control_bookings.routes(tenant),
        *control_service.routes(tenant),
    ]


async def start(app: web.Application, tenant: Tenant) -> None:
    """Set Graph up: build the types if they are missing, and let the sender end with the application.

    Raises ValueError for a setting that Graph does not know.
    """
    types.properties("event")
    settings.check({name: value for name, value in tenant.settings.items() if name not in OTHERS})
    graph = graph_of(tenant)

    async def close(_app: web.Application) -> None:
        """End what the sender still does."""
        await graph.sender.close()

    # Before the application waits for open requests: a flush among them may wait for the sender.
    app.on_shutdown.append(close)
