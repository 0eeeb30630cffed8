"""A tenant that serves in a thread while a test runs."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from sandbox.tenant.server import Addresses, serve
from sandbox.tenant.state import Tenant


@contextmanager
def serving(tenant: Tenant) -> Iterator[str]:
    """Serve a tenant and yield its https origin."""
    with serving_all(tenant) as addresses:
        yield addresses.url


@contextmanager
def serving_all(tenant: Tenant) -> Iterator[Addresses]:
    """Serve a tenant and yield the addresses of all its sites."""
    ready: Future[tuple[Addresses, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stopped = asyncio.Event()
        async with serve(tenant) as addresses:
            ready.set_result((addresses, asyncio.get_running_loop(), stopped))
            await stopped.wait()

    def guarded() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    addresses, loop, stopped = ready.result(timeout=180)
    try:
        yield addresses
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(timeout=180)
    assert not thread.is_alive()
