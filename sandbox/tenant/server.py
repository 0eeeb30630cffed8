"""The tenant's two sites: https for login, Key Vault, Graph and control; http for the managed identity endpoint."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from sandbox.certificates import make_certificates
from sandbox.tenant import identity
from sandbox.tenant.control import Control
from sandbox.tenant.control_login import LoginControl
from sandbox.tenant.control_stops import StopsControl
from sandbox.tenant.control_vault import VaultControl
from sandbox.tenant.faults import fault_middleware
from sandbox.tenant.login import Login
from sandbox.tenant.state import Tenant
from sandbox.tenant.stops import stop_middleware
from sandbox.tenant.vault import Vault


@dataclass(frozen=True)
class Addresses:
    """The addresses of a running tenant: its https origin, the managed identity endpoint, and Dynamics 365's origin.

    The last is empty without an environment.
    """

    url: str
    identity_url: str
    dataverse_url: str = ""


async def build(tenant: Tenant, *, graph: bool = True) -> web.Application:
    """Return the https site's application, with the Graph part set up but not yet started.

    The Graph part's `start` runs before the application is frozen, so it may add to on_startup and on_cleanup.
    """
    app = web.Application(middlewares=[fault_middleware(tenant.faults), stop_middleware(tenant.stops)])
    stops = StopsControl(tenant.stops)
    for part in (Control(tenant), stops, LoginControl(tenant), VaultControl(tenant), Vault(tenant), Login(tenant)):
        app.add_routes(part.routes())
    if graph:
        # Imported here because a tenant without Graph does not need it.
        from sandbox.tenant import graph as graph_part

        app.add_routes(graph_part.routes(tenant))
        await graph_part.start(app, tenant)
    return app


@asynccontextmanager
async def serve(tenant: Tenant, port: int = 0, *, graph: bool = True) -> AsyncIterator[Addresses]:
    """Serve a tenant on loopback while the context lasts; port 0 picks a free one. Without graph it starts faster."""
    app = await build(tenant, graph=graph)
    # A second is enough for open requests; aiohttp's default would wait a minute for delayed responses.
    sites = (app, identity.build(tenant))
    runners = [web.AppRunner(site, access_log=None, shutdown_timeout=1.0) for site in sites]
    try:
        for runner, site_port, tls in zip(runners, (port, 0), (server_context(tenant), None), strict=True):
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", site_port, ssl_context=tls).start()
        main, plain = (runner.addresses[0][1] for runner in runners)
        tenant.url = f"https://localhost:{main}"
        dataverse = await tenant.dataverse.start() if tenant.dataverse is not None else ""
        yield Addresses(tenant.url, f"http://127.0.0.1:{plain}{identity.PATH}", dataverse)
    finally:
        tenant.stops.release()
        if tenant.dataverse is not None:
            await tenant.dataverse.close()
        for runner in runners:
            await runner.cleanup()


def server_context(tenant: Tenant) -> ssl.SSLContext:
    """Return the TLS settings with the certificate in the tenant's folder: TLS 1.2 or newer, as at Microsoft."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(make_certificates(tenant.folder).server_pem)
    return context
