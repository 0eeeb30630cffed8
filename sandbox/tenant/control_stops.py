"""Control routes of stops: which call is held, whether one is, and its release. Every site of the sandbox has them."""

from typing import Literal

from aiohttp import web
from pydantic import Field, TypeAdapter, ValidationError

from sandbox.tenant.control import Seconds, body_of, refused
from sandbox.tenant.seed import Strict
from sandbox.tenant.stops import Stop, Stops


class StopAt(Strict):
    """Which call is held, and when; `match` is searched in "METHOD /path"."""

    match: str
    nth: int = Field(default=1, ge=1)
    moment: Literal["before", "after"] = "after"


class StopsControl:
    """The control routes of one site's stops."""

    def __init__(self, stops: Stops) -> None:
        self._stops = stops

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/_control/stops", self.stop),
            web.get("/_control/stops/{id}", self.held),
            web.delete("/_control/stops", self.release),
            web.delete("/_control/stops/{id}", self.release),
        ]

    async def stop(self, request: web.Request) -> web.Response:
        """Hold a call: {"match", "nth"?: 1, "moment"?: "before" or "after" its work}."""
        given = await body_of(request, StopAt)
        return web.json_response({"id": self._stops.add(Stop(given.match, given.nth, given.moment))}, status=201)

    async def held(self, request: web.Request) -> web.Response:
        """Wait until a call is held, or ?seconds=n (10) have passed; return whether one is."""
        try:
            seconds = TypeAdapter(Seconds).validate_python(request.query.get("seconds", "10"))
            return web.json_response({"held": await self._stops.wait(request.match_info["id"], seconds)})
        except ValidationError:
            return refused(400, "seconds: not a number from 0 to 60")
        except KeyError:
            return refused(404, f"no stop has the id {request.match_info['id']}")

    async def release(self, request: web.Request) -> web.Response:
        """Let the held call go on and remove one stop, or all."""
        try:
            self._stops.release(request.match_info.get("id"))
        except KeyError:
            return refused(404, f"no stop has the id {request.match_info['id']}")
        return web.Response(status=204)
