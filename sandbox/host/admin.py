"""The host's admin routes: "Manually run a non HTTP-triggered function", status, and the list of functions."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from sandbox.host.invocation import Invoker
from sandbox.host.keys import Keys
from sandbox.host.plan import FunctionPlan


class Admin:
    """Handler of /admin/…, for callers with the master key."""

    def __init__(self, plans: Sequence[FunctionPlan], keys: Keys, invoker: Invoker) -> None:
        self._plans = {plan.name.lower(): plan for plan in plans}
        self._keys = keys
        self._invoker = invoker
        self.running: set[asyncio.Task[None]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle one request."""
        if not self._keys.allow("ADMIN", request.headers, request.rel_url):
            return web.Response(status=401)
        match request.method, request.rel_url.path.strip("/").lower().split("/"):
            case "GET", ["admin", "host", "status"]:
                return web.json_response({"id": "sandbox", "state": "Running", "errors": []})
            case "GET", ["admin", "functions"]:
                return web.json_response([_described(plan) for plan in self._plans.values()])
            case "GET", ["admin", "functions", name] if name in self._plans:
                return web.json_response(_described(self._plans[name]))
            case "POST", ["admin", "functions", name] if name in self._plans:
                return await self._run(self._plans[name], request)
        return web.Response(status=404)

    async def _run(self, plan: FunctionPlan, request: web.BaseRequest) -> web.Response:
        """Start a function and return 202 immediately, whatever its outcome.

        The body is a JSON object: `{"input": "text"}` for a queue function, `{}` for a timer.
        """
        if request.content_type != "application/json":
            return web.Response(status=415)
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict) or plan.kind == "httpTrigger":
            return web.Response(status=400)
        text = body.get("input")
        is_timer = plan.kind == "timerTrigger"
        argument = TimerRequest() if is_timer else _queue_message(text)
        task = asyncio.create_task(self._invoker.run(plan, argument))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return web.Response(status=202)


def _queue_message(text: object) -> QueueMessage:
    """Return the message for a manual call; as in the host, it has no queue metadata."""
    return QueueMessage(body=text if isinstance(text, str) else "")  # type: ignore[no-untyped-call]  # the library's


def _described(plan: FunctionPlan) -> dict[str, Any]:
    """Describe a function as the host's own list does."""
    return {
        "name": plan.name,
        "language": "python",
        "isDisabled": False,
        "config": {"name": plan.name, "bindings": list(plan.bindings)},
    }
