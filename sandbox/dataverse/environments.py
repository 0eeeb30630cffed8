"""The environments that a tenant's process serves, each an https site of its own: the seeded one, and its copies."""

import copy
import uuid
from functools import partial

from aiohttp import web

from sandbox.dataverse.api import gateway
from sandbox.dataverse.api.role_actions import follow_roles
from sandbox.dataverse.control import play, rows, untrue
from sandbox.dataverse.hooks.sender import HookSender
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.played.field_service import FieldService
from sandbox.dataverse.played.outlook_sync import OutlookSync
from sandbox.dataverse.seed import SeededDataverse, organization_from
from sandbox.dataverse.writer import Writer
from sandbox.tenant.control_stops import StopsControl
from sandbox.tenant.faults import fault_middleware
from sandbox.tenant.state import Tenant
from sandbox.tenant.stops import stop_middleware

LARGEST_BODY = 64 * 1024 * 1024
"""Control writes many rows with one request."""


class Environments:
    """The environments of one tenant; `seeded` is the first."""

    def __init__(self, tenant: Tenant, seed: SeededDataverse) -> None:
        self.tenant = tenant
        self.seeded = assembled(organization_from(seed, tenant))
        self.every: list[Organization] = []
        self._runners: list[web.AppRunner] = []

    def serves(self, url: str) -> bool:
        """Return whether an environment has this address, which is the audience of its tokens."""
        return any(each.url == url for each in self.every)

    async def start(self) -> str:
        """Serve the seeded environment and return its address."""
        return await self.serve(self.seeded)

    async def serve(self, organization: Organization) -> str:
        """Serve an environment on a free port and return its address."""
        from sandbox.tenant.server import server_context

        middlewares = [fault_middleware(organization.faults), stop_middleware(organization.stops)]
        app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
        for part in (rows, untrue, play):
            app.add_routes(part.routes(organization, self))
        app.add_routes(StopsControl(organization.stops).routes())
        app.add_routes(gateway.routes(organization))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(self.tenant)).start()
        organization.url = f"https://localhost:{runner.addresses[0][1]}"
        self.every.append(organization)
        return organization.url

    async def close(self) -> None:
        """Stop all sites, webhooks and waiting work."""
        for organization in self.every:
            organization.stops.release()
            await organization.background.close()
            await organization.hooks.close()
        for runner in self._runners:
            await runner.cleanup()

    def copied(self, original: Organization, kind: str) -> Organization:
        """Return a full copy of an environment: other ids of organization and environment, all rows the same."""
        made = Organization(self.tenant, original.settings.model_copy())
        made.organization_id, made.environment_id = str(uuid.uuid4()), str(uuid.uuid4())
        made.name, made.type, made.field_service = f"{original.name}-copy", kind, original.field_service
        made.tables, made.rows = copy.deepcopy(original.tables), original.rows.snapshot()
        own = made.rows.of("organization").pop(original.organization_id)
        made.rows.of("organization")[made.organization_id] = {**own, "organizationid": made.organization_id}
        made.ids, made.roles_of = dict(original.ids), copy.deepcopy(original.roles_of)
        made.privileges_of = copy.deepcopy(original.privileges_of)
        return assembled(made)


def assembled(organization: Organization) -> Organization:
    """Give an environment what writes to it and what follows from a write, and return it."""
    organization.writer = Writer(organization)
    organization.hooks = HookSender(organization)
    organization.sync = OutlookSync(organization)
    field_service = FieldService(organization, organization.background)
    organization.before_save.append(field_service.before)
    organization.writer.followers += [
        organization.hooks.follow, field_service.follow, partial(follow_roles, organization),
    ]  # fmt: skip
    return organization
