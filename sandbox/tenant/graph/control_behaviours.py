"""Control of the behaviours of Graph (behaviours.py): which are known, which are on, and a seeded random choice."""

from dataclasses import asdict
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from sandbox.tenant.control import body_of, refused
from sandbox.tenant.graph.behaviours import BEHAVIOURS
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.seed import Strict
from sandbox.tenant.state import Tenant

Addresses = Annotated[list[str], Field(max_length=1_000)]


class Change(Strict):
    """What to switch: a value for each name, false for off; for some addresses, or for all."""

    on: dict[str, Any]
    of: Addresses = Field(default=[])


class RandomChoice(Strict):
    """A choice by a seed: each behaviour, or each of `names`, with the chance `share`."""

    seed: int
    share: float = Field(default=0.5, ge=0, le=1)
    names: list[str] = Field(default=[])
    of: Addresses = Field(default=[])
    longest_seconds: float = Field(default=180.0, ge=0)


class BehavioursControl:
    """The control routes of behaviours."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/_control/behaviours", self.behaviours),
            web.post("/_control/behaviours", self.switch),
            web.post("/_control/behaviours/random", self.switch_random),
            web.delete("/_control/behaviours", self.clear),
        ]

    async def behaviours(self, _request: web.Request) -> web.Response:
        """Return the known behaviours, the seed, and what is on."""
        known = {name: asdict(behaviour) for name, behaviour in BEHAVIOURS.items()}
        return web.json_response({"known": known, **graph_of(self._tenant).switches.as_json()})

    async def switch(self, request: web.Request) -> web.Response:
        """Switch behaviours: {"on": {"name": true | false | number | [low, high] | "choice"}, "of": ["address"]?}."""
        change, switches = await body_of(request, Change), graph_of(self._tenant).switches
        try:
            for name, value in change.on.items():
                switches.switch(name, value, change.of)
        except ValueError as error:
            return refused(400, str(error))
        return await self.behaviours(request)

    async def switch_random(self, request: web.Request) -> web.Response:
        """Switch a random choice on: {"seed", "share"?, "names"?, "of"?, "longestSeconds"?}."""
        choice = await body_of(request, RandomChoice)
        try:
            graph_of(self._tenant).switches.switch_random(
                choice.seed, choice.share, choice.names, choice.of, choice.longest_seconds
            )
        except ValueError as error:
            return refused(400, str(error))
        return await self.behaviours(request)

    async def clear(self, request: web.Request) -> web.Response:
        """Switch all behaviours off."""
        graph_of(self._tenant).switches.clear()
        return await self.behaviours(request)
