"""A proxy on loopback before a server: it forwards, rejects, delays, breaks the connection before or after the work,
and holds an exchange at a chosen step so that the host can be killed there.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.chaos.http1 import Message, read_request, read_response

HELD_SECONDS = 10.0  # after which a held exchange is aborted
Step = Literal["request", "response"]


@dataclass
class Exchange:
    """A request and, when there is one, its response. `service` is the proxy's name."""

    service: str
    request: Message
    response: Message | None = None

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.start[0]

    @property
    def path(self) -> str:
        """The request's path."""
        return urlsplit(self.request.start[1]).path

    @property
    def query(self) -> dict[str, str]:
        """The request's query."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.request.start[1]).query).items()}

    @property
    def status(self) -> int:
        """The response's status; 0 before there is one."""
        return int(self.response.start[1]) if self.response else 0


@dataclass(frozen=True)
class ExchangeFault:
    """A fault of an exchange: `status` rejects it unprocessed; `cut` breaks the connection "before" or "after" the
    work.
    """

    status: int = 0
    cut: Literal["", "before", "after"] = ""
    delay: float = 0.0


NO_FAULT = ExchangeFault()


@dataclass
class Trap:
    """Holds the first exchange that `matches` at a step; then `caught` is set, and its caller never gets a response."""

    step: Step
    matches: Callable[[Exchange], bool]
    caught: threading.Event = field(default_factory=threading.Event)


def _unchanged(message: Message) -> Message:
    return message


class Proxy:
    """Serves in its own thread until `close`. All attributes may be changed while it serves.

    `fault_for` returns the fault of an exchange; `rewrite` may change a request; `listeners` get every request.
    """

    def __init__(self, service: str, target: int) -> None:
        self.service = service
        self.fault_for: Callable[[Exchange], ExchangeFault] = lambda _exchange: NO_FAULT
        self.rewrite: Callable[[Message], Message] = _unchanged
        self.listeners: list[Callable[[Exchange], None]] = []
        self.traps: list[Trap] = []
        self.port = 0
        self._target = target
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Stop, and close every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(_end(self._connections))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        connection = asyncio.current_task()
        if connection is not None:
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)
        server = _Server(self._target)
        try:
            while (request := await read_request(reader)) is not None:
                response = await self._exchange(Exchange(self.service, request), server)
                if response is None:
                    break
                writer.write(response.head + response.body)
                await writer.drain()
                if response.is_last:
                    writer.close()
                    return
            writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # the side that disconnected expects no more
        finally:
            server.close()

    async def _exchange(self, exchange: Exchange, server: "_Server") -> Message | None:
        """Return the response, or None when the connection must be broken."""
        for listen in self.listeners:
            listen(exchange)
        if await self._is_held("request", exchange):
            return None
        fault = self.fault_for(exchange)
        await asyncio.sleep(fault.delay)
        if fault.status:
            return _refusal(exchange.service, fault.status)
        if fault.cut == "before":
            return None
        exchange.response = await server.send(self.rewrite(exchange.request))
        if await self._is_held("response", exchange):
            return None
        return None if fault.cut == "after" else exchange.response

    async def _is_held(self, step: Step, exchange: Exchange) -> bool:
        """Return whether a trap caught it; then the time for killing its caller is over."""
        for trap in self.traps:
            if trap.step == step and not trap.caught.is_set() and trap.matches(exchange):
                trap.caught.set()
                await asyncio.sleep(HELD_SECONDS)
                return True
        return False


async def _end(connections: set[asyncio.Task[None]]) -> None:
    for connection in list(connections):
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


class _Server:
    """The connection to the real server, opened when needed, and again after the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: Message) -> Message:
        if self._connection is not None and self._connection[0].at_eof():
            self.close()
        if self._connection is None:
            self._connection = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._connection
        writer.write(request.head + request.body)
        await writer.drain()
        response = await read_response(reader, request.start[0])
        if response.is_last:
            self.close()
        return response

    def close(self) -> None:
        if self._connection is not None:
            self._connection[1].transport.abort()
        self._connection = None


def _refusal(service: str, status: int) -> Message:
    """Return an error response of storage: "Status and error codes" for queues and for tables."""
    code = {503: "ServerBusy", 500: "InternalError", 403: "AuthorizationFailure"}.get(status, "OperationTimedOut")
    if service == "table":
        kind, text = "json", f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"No."}}}}}}'
    else:
        kind, text = "xml", f"<Error><Code>{code}</Code><Message>No.</Message></Error>"
    lines = (f"HTTP/1.1 {status} No", f"x-ms-error-code: {code}", f"Content-Type: application/{kind}",
             f"Content-Length: {len(text)}", "", "")  # fmt: skip
    return Message("\r\n".join(lines).encode(), text.encode(), text.encode())
