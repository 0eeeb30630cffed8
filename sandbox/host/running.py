"""The whole host: start HTTP, queues and timers together, and stop them in order."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from sandbox.host.admin import Admin
from sandbox.host.http import HttpFrontEnd
from sandbox.host.invocation import Invoker
from sandbox.host.keys import Keys
from sandbox.host.ncrontab import Schedule, parse_schedule
from sandbox.host.outputs import DroppingWriter, OutputWriter
from sandbox.host.plan import FunctionPlan
from sandbox.host.queues import QueueListener
from sandbox.host.routes import RouteTable
from sandbox.host.settings import HostOptions, SettingsError
from sandbox.host.timers import Timer

_log = logging.getLogger("sandbox.host")
_GRACE = 30.0  # seconds for running invocations to finish


class Host:
    """Runs the planned functions. Raises RouteError or SettingsError for what cannot be served.

    Without `storage`, queue outputs are checked and dropped, and no queue is polled: for measuring HTTP alone.
    """

    def __init__(
        self, plans: Sequence[FunctionPlan], options: HostOptions, keys: Keys, *, storage: bool = True
    ) -> None:
        self._outputs = (OutputWriter if storage else DroppingWriter)(base64_encoded=options.queues.base64)
        self._invoker = Invoker(self._outputs, options.function_timeout)
        self._admin = Admin(plans, keys, self._invoker)
        routes = RouteTable(plans, options.route_prefix)
        front_end = HttpFrontEnd(routes, keys, self._invoker, self._admin, options.max_body)
        self._runner = web.ServerRunner(front_end.server(), shutdown_timeout=_GRACE)
        self._triggers: list[QueueListener | Timer] = []
        for plan in plans:
            if plan.kind == "queueTrigger" and storage:
                self._triggers.append(QueueListener(plan, self._invoker, self._outputs, options.queues))
            elif plan.kind == "timerTrigger":
                self._triggers.append(Timer(plan, _schedule(plan), self._invoker))
        self._loops: list[asyncio.Task[None]] = []

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve HTTP on a bound socket and start the triggers."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener, ssl_context=tls, backlog=1024).start()
        self._loops = [asyncio.create_task(trigger.listen()) for trigger in self._triggers]
        for loop in self._loops:
            loop.add_done_callback(_log_if_broken)

    async def stop(self) -> None:
        """Accept nothing new, let running invocations finish (at most 30 seconds), then close."""
        for trigger in self._triggers:
            trigger.stop()
        try:
            async with asyncio.timeout(_GRACE):
                ending = (self._runner.cleanup(), *self._loops, *self._admin.running)
                await asyncio.gather(*ending, return_exceptions=True)
        except TimeoutError:
            _log.warning("stopped with invocations still running")
        self._invoker.close()
        await self._outputs.close()


def _log_if_broken(loop: asyncio.Task[None]) -> None:
    """Log why a trigger's loop ended unless it was stopped: its function no longer runs."""
    if not loop.cancelled() and (error := loop.exception()) is not None:
        _log.critical("a trigger loop failed", exc_info=error)


def _schedule(plan: FunctionPlan) -> Schedule:
    """Parse a timer's schedule. Raises SettingsError if it is invalid or never occurs."""
    try:
        schedule = parse_schedule(str(plan.trigger["schedule"]))
        schedule.next_after(datetime.now(UTC))
    except ValueError as error:
        raise SettingsError(f"{plan.name}: {error}") from error
    return schedule
