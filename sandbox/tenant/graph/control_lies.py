"""Control of what the simulated Graph answers against the truth."""

from aiohttp import web

from sandbox.tenant.control import body_of
from sandbox.tenant.graph.lies import Lies
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.state import Tenant


class LiesControl:
    """The control routes of lies."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/_control/lies", self.lies),
            web.post("/_control/lies", self.lie),
            web.delete("/_control/lies", self.clear),
        ]

    async def lies(self, _request: web.Request) -> web.Response:
        """Return what Graph answers against the truth."""
        return web.json_response(graph_of(self._tenant).lies.model_dump(by_alias=True))

    async def lie(self, request: web.Request) -> web.Response:
        """Answer against the truth: {"notFound", "notListed", "silent", "twins", "quotaReached", "listFault", …}."""
        graph = graph_of(self._tenant)
        graph.lies = graph.lies.changed(await body_of(request, Lies))
        return await self.lies(request)

    async def clear(self, request: web.Request) -> web.Response:
        """Take all lies back."""
        graph_of(self._tenant).lies = Lies()
        return await self.lies(request)
