"""Run functions of an app as the worker of Python 3.13 does, and print their log lines with the invocation ids.

    .venv-runtime/bin/python tests/runtime/worker.py FOLDER NAME [NAME …]

azure-functions-runtime, the library of the deployed worker, indexes the app in FOLDER and calls each function once:
timers, and HTTP functions with the handshake of Graph. This file is what stands around that library: the tasks and the
search for the id of a line (azure-functions-python-worker, proxy_worker/dispatcher.py), and the host, which keeps a
line only if its id is that of a running invocation (azure-functions-host, GrpcWorkerChannel.Log). Instead of protobuf
messages the library gets plain objects with the same attributes.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import sys
import threading
from collections.abc import Coroutine
from contextvars import Context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HANDSHAKE = "https://relay.example/api/notifications?validationToken=abc"


class Data(SimpleNamespace):
    """A TypedData or a ParameterBinding: has one value, named after its kind."""

    def WhichOneof(self, group: str) -> str:  # noqa: N802  (protobuf's name)
        """Return the kind of the value."""
        return "data" if group == "rpc_data" else next(iter(vars(self)))


class Status(SimpleNamespace):
    """A StatusResult."""

    Failure, Success = 0, 1


class Messages:
    """The protobuf messages that the library creates."""

    TypedData = Data
    StatusResult = Status
    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"undefined": 0, "out": 1, "inout": 2})
    RpcHttpCookie = type("RpcHttpCookie", (SimpleNamespace,), {"SameSite": SimpleNamespace()})

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return SimpleNamespace


class InvocationTask(asyncio.Task[Any]):
    """A task that belongs to the invocation of the task that created it, until it is given its own."""

    def __init__(self, work: Coroutine[Any, Any, Any], **options: Any) -> None:
        super().__init__(work, **options)
        self.invocation_id = task_invocation()


def task_invocation() -> str | None:
    """Return the invocation of the running task, None outside tasks."""
    try:
        return getattr(asyncio.current_task(), "invocation_id", None)
    except RuntimeError:  # no loop runs in this thread
        return None


class Host(logging.Handler):
    """Calls functions, and records each log line with its invocation, and whether that was running."""

    def __init__(self, runtime: Any) -> None:
        super().__init__()
        self.runtime = runtime
        self.lines: list[dict[str, Any]] = []
        self.running: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Record a line of the app."""
        if not record.name.startswith(("azure.functions", "azure_functions_runtime", "asyncio")):
            invocation = task_invocation() or self.runtime.invocation_id_cv.get()
            self.lines.append({
                "text": record.getMessage(), "thread": threading.current_thread().name, "invocation": invocation,
                "kept": invocation in self.running,
            })  # fmt: skip

    async def call(self, name: str, **request: Any) -> Any:
        """Call an entry of the library; each reads the part of the request that has its name. Raises RuntimeError."""
        message = SimpleNamespace(
            request=SimpleNamespace(**{name: SimpleNamespace(**request)}),
            properties={"protos": Messages(), "host": "127.0.0.1"},
        )
        answer = await getattr(self.runtime, name)(message)
        if answer.result.status != Status.Success:
            raise RuntimeError(f"{answer.result.exception.message}\n{answer.result.exception.stack_trace}")
        return answer

    async def index(self, folder: Path) -> dict[str, Any]:
        """Return the functions of an app by their names."""
        self.runtime.start_threadpool_executor()
        await self.call("worker_init_request", capabilities={}, function_app_directory=str(folder))
        answer = await self.call("functions_metadata_request")
        return {function.name: function for function in answer.function_metadata_results or []}

    async def invoke(self, function: Any) -> None:
        """Call a function; the name of the function is its invocation id."""
        trigger = next(each for each in map(json.loads, function.raw_bindings) if each["type"].endswith("Trigger"))
        task = asyncio.current_task()
        assert isinstance(task, InvocationTask)
        task.invocation_id = function.name
        self.running.add(function.name)
        try:
            await self.call(
                "invocation_request", invocation_id=function.name, function_id=function.function_id,
                trigger_metadata={}, input_data=[Data(name=trigger["name"], data=argument(trigger["type"]))],
                trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
                retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
            )  # fmt: skip
        finally:
            self.running.discard(function.name)


def argument(kind: str) -> Data:
    """Return what the host passes to a trigger."""
    if kind == "timerTrigger":
        return Data(json="{}")
    return Data(http=SimpleNamespace(
        method="POST", url=HANDSHAKE, headers={}, body=Data(bytes=b""), params={}, query={"validationToken": "abc"}
    ))  # fmt: skip


def task_factory(loop: asyncio.AbstractEventLoop, work: Any, context: Context | None = None) -> asyncio.Task[Any]:
    """Create the tasks of the loop."""
    return InvocationTask(work, loop=loop, context=context)


async def run(folder: Path, names: list[str]) -> dict[str, Any]:
    """Index an app, call functions of it, and return the names of all functions and the lines."""
    asyncio.get_running_loop().set_task_factory(task_factory)
    host = Host(importlib.import_module("azure_functions_runtime"))
    logging.getLogger().addHandler(host)
    logging.getLogger().setLevel(logging.INFO)
    functions = await host.index(folder)
    await asyncio.gather(*(asyncio.create_task(host.invoke(functions[name])) for name in names))
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(30)
    return {"functions": sorted(functions), "lines": host.lines}


if __name__ == "__main__":
    app = Path(sys.argv[1]).resolve()
    sys.path.append(str(app))  # the worker's order: packages first, the app's folder last
    if app != Path(__file__).resolve().parents[2]:
        sys.path.append(str(Path(__file__).resolve().parents[2]))
    print(json.dumps(asyncio.run(run(app, sys.argv[2:]))))  # noqa: T201
