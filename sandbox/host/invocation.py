"""Call functions as the Python worker does: coroutines on the event loop, others in a thread pool."""

import asyncio
import contextlib
import functools
import logging
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.functions as func

from sandbox.host.outputs import OutputWriter
from sandbox.host.plan import FunctionPlan

_log = logging.getLogger("sandbox.host")


class InvocationFailed(Exception):
    """A function raised, timed out or returned an invalid value, or its output could not be written."""


class OutValue(func.Out[Any]):
    """The `func.Out` argument of a function; its value is written only after the function has returned."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Any = None

    def set(self, val: Any) -> None:
        """Set the value; the last call counts."""
        self.value = val

    def get(self) -> Any:
        """Return the value, None if none was set."""
        return self.value


class InvocationContext(func.Context):
    """The `context` argument of a function that declares it."""

    thread_local_storage = threading.local()  # type: ignore[assignment]  # the library declares the class
    trace_context = None  # type: ignore[assignment]  # this host has no tracing
    retry_context = None  # type: ignore[assignment]  # the only retry is the queue's dequeue count

    def __init__(self, plan: FunctionPlan, invocation_id: str) -> None:
        self._plan = plan
        self._invocation_id = invocation_id

    @property
    def invocation_id(self) -> str:
        """The id of this call."""
        return self._invocation_id

    @property
    def function_name(self) -> str:
        """The indexed name."""
        return self._plan.name

    @property
    def function_directory(self) -> str:
        """The app's folder, which is the working directory."""
        return str(Path.cwd())


class Invoker:
    """Calls functions and writes their outputs. `timeout` is host.json's functionTimeout, in seconds."""

    def __init__(self, outputs: OutputWriter, timeout: float | None) -> None:
        self._outputs = outputs
        self._timeout = timeout
        count = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT")
        threads = int(count) if count else min(32, (os.cpu_count() or 1) + 4)
        self._threads = ThreadPoolExecutor(threads, "function")
        self._loop = asyncio.get_running_loop()

    async def invoke(self, plan: FunctionPlan, argument: object) -> Any:
        """Call with the trigger's argument, write the queue outputs, and return the http output.

        Raises InvocationFailed after logging the cause.
        """
        invocation_id = str(uuid.uuid4())
        arguments: dict[str, Any] = {plan.trigger["name"]: argument}
        for name in plan.out_parameters:
            arguments[name] = OutValue()
        if plan.takes_context:
            arguments["context"] = InvocationContext(plan, invocation_id)
        try:
            result = await self._call(plan, arguments)
            _check_result(plan, result)
            if plan.queue_outputs:
                await self._write(plan, arguments, result)
        except Exception as error:
            # The real host also logs every failure with its stack trace.
            _log.exception("Executed 'Functions.%s' (Failed, Id=%s)", plan.name, invocation_id)
            raise InvocationFailed(plan.name) from error
        if plan.http_output is None or plan.http_output == "$return":
            return result
        return arguments[plan.http_output].value

    async def run(self, plan: FunctionPlan, argument: object) -> None:
        """Invoke where no caller waits for the result; a failure is only logged."""
        with contextlib.suppress(InvocationFailed):
            await self.invoke(plan, argument)

    async def _call(self, plan: FunctionPlan, arguments: dict[str, Any]) -> Any:
        """Run the function within the time that host.json allows."""
        async with asyncio.timeout(self._timeout):
            if plan.is_async:
                return await plan.function(**arguments)
            call = functools.partial(plan.function, **arguments)
            return await self._loop.run_in_executor(self._threads, call)

    async def _write(self, plan: FunctionPlan, arguments: dict[str, Any], result: Any) -> None:
        """Write the queue outputs that were set."""
        values = (
            (output, result if output.parameter == "$return" else arguments[output.parameter].value)
            for output in plan.queue_outputs
        )
        await self._outputs.write([(output, value) for output, value in values if value is not None])

    def close(self) -> None:
        """Release the threads, without waiting for calls that still run."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _check_result(plan: FunctionPlan, result: Any) -> None:
    """Reject what the worker would reject, before any output is written. Raises TypeError."""
    if plan.http_output == "$return":
        if not isinstance(result, str | func.HttpResponse):
            raise TypeError(f"an HTTP function returned {type(result).__name__}, not an HttpResponse or a str")
    elif result is not None and not plan.returns:
        raise TypeError("a value was returned without a $return binding")
