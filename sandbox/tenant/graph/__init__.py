"""A strict simulation of Microsoft Graph v1.0: calendars, subscriptions, places, users, Bookings and directory only.

Based on Microsoft's documentation: each file names the pages it follows, and where it is stricter or simpler than
Graph.
"""

from aiohttp import web

from sandbox.tenant.graph import control, control_bookings, control_service, control_sharing, gateway, settings, types
from sandbox.tenant.graph.control_behaviours import BehavioursControl
from sandbox.tenant.graph.control_directory import DirectoryControl
from sandbox.tenant.graph.control_lies import LiesControl
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
        *control_sharing.routes(tenant),
        *LiesControl(tenant).routes(),
        *BehavioursControl(tenant).routes(),
        *DirectoryControl(tenant).routes(),
    ]


async def start(app: web.Application, tenant: Tenant) -> None:
    """Set Graph up: build the types if they are missing, and stop the sender with the application.

    Raises ValueError for an unknown setting.
    """
    types.properties("event")
    settings.check({name: value for name, value in tenant.settings.items() if name not in OTHERS})
    graph = graph_of(tenant)

    async def close(_app: web.Application) -> None:
        """Stop the sender."""
        await graph.sender.close()

    # Stop the sender before the application waits for open requests: a flush among them may wait for the sender.
    app.on_shutdown.append(close)
