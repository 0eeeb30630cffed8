"""Make the invocation of an async function known to the threads that it starts."""

import sys

import azure.functions as func


def join_invocation(context: func.Context) -> None:
    """Let threads that this coroutine starts log as part of its invocation.

    The worker of Python 3.13 keeps the invocation id of a coroutine in its asyncio task only, where no other thread
    sees it; for `def` functions it sets the context variable of its runtime library, which shared/threads.py and
    asyncio.to_thread copy (azure-functions-python-worker, proxy_worker/dispatcher.py). A reset is not needed: each
    invocation is a task with a context of its own. Without that library, nothing is done.
    """
    runtime = sys.modules.get("azure_functions_runtime")
    variable = getattr(runtime, "invocation_id_cv", None)
    if variable is not None:
        variable.set(context.invocation_id)
