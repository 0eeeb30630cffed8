"""The tenant's two sites: https for login, Key Vault, Graph and control, plain http for the managed identity
endpoint."""

import importlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.certificates import make_certificates
from sandbox.tenant.faults import fault_middleware
from sandbox.tenant.state import Tenant


@dataclass(frozen=True)
class Addresses:
    """Where a serving tenant is reached: its https origin, and the managed identity endpoint."""

    url: str
    identity_url: str


async def build(tenant: Tenant) -> web.Application:
    """Return the https site's application, with the Graph part set up but not yet started.

    The Graph part's `start` runs before the application is frozen, so it may add to on_startup and
    on_cleanup.
    """
    app = web.Application(middlewares=[fault_middleware(tenant.faults)])
    if (Path(__file__).parent / "graph" / "__init__.py").exists():
        graph = importlib.import_module("sandbox.tenant.graph")
        app.add_routes(graph.routes(tenant))
        await graph.start(app, tenant)
    return app


@asynccontextmanager
async def serve(tenant: Tenant, port: int = 0) -> AsyncIterator[Addresses]:
    """Serve a tenant on loopback while the context lasts; port 0 takes a free one."""
    app = await build(tenant)
    runners = [web.AppRunner(app, access_log=None)]
    try:
        await runners[0].setup()
        site = web.TCPSite(runners[0], "127.0.0.1", port, ssl_context=server_context(tenant))
        await site.start()
        tenant.url = f"https://localhost:{runners[0].addresses[0][1]}"
        yield Addresses(tenant.url, "")
    finally:
        for runner in runners:
            await runner.cleanup()


def server_context(tenant: Tenant) -> ssl.SSLContext:
    """Return the TLS settings with the certificate of the tenant's folder: TLS 1.2 or newer, as Microsoft's
    services."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(make_certificates(tenant.folder).server_pem)
    return context
