"""An app whose functions log in each kind of thread that the product starts. Each line's text is the kind.

The setting POOLS has the names of the product's pools of one call, with commas.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func

from functions.invocation import join_invocation
from shared.bootstrap.app import App
from shared.http.resolver import Resolver
from shared.threads import in_background, side_by_side

NEVER = "0 0 0 1 1 *"

app = func.FunctionApp()
logger = logging.getLogger("relay.test")


def line(text: str) -> None:
    """Log a line."""
    logger.info(text)


def lookup(*_: object, **__: object) -> list[Any]:
    """Answer as a name server does, and log."""
    line("lookup")
    return [(2, 1, 6, "", ("192.0.2.1", 443))]


def background(wait: Callable[[threading.Event], object], text: str) -> object:
    """Log in a background thread; `wait` gets an event that is set after that."""
    ended = threading.Event()

    def work() -> None:
        line(text)
        ended.set()

    in_background(work)
    return wait(ended)


@app.timer_trigger("timer", NEVER)
def threads(timer: func.TimerRequest) -> None:
    """Use each pool of the product."""
    relay = App({})
    relay.workers.run("room@contoso.com", lambda _: line("change"), range(2))
    Resolver(lambda _: True, lookup).find("contoso.com", 443)
    for name in os.environ["POOLS"].split(","):
        side_by_side(lambda _, name=name: line(name), range(2), 2, name)  # type: ignore[misc]
    background(lambda ended: ended.wait(30), "background")


@app.timer_trigger("timer", NEVER)
async def coroutine(timer: func.TimerRequest, context: func.Context) -> None:
    """Start threads as the receivers of Graph's notifications do."""
    join_invocation(context)
    await asyncio.to_thread(line, "to_thread")
    await background(lambda ended: asyncio.to_thread(ended.wait, 30), "background")  # type: ignore[misc]


@app.timer_trigger("timer", NEVER)
def foreign_pool(timer: func.TimerRequest) -> None:
    """Log in a pool that copies no context."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(line, "foreign").result()


@app.timer_trigger("timer", NEVER)
async def unjoined_coroutine(timer: func.TimerRequest) -> None:
    """Start a thread without join_invocation."""
    await asyncio.to_thread(line, "unjoined")
