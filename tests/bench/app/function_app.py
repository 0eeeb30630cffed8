"""The relay's own receiver and functions that do nothing, so that one host runs both."""

import sys
import typing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import azure.functions as func

from functions import notifications

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(notifications.blueprint)


@app.route("noop", methods=["POST"])
async def noop(req: func.HttpRequest) -> func.HttpResponse:
    """Return 202 and do nothing."""
    return func.HttpResponse(status_code=202)


@app.route("noop-with-queue", methods=["POST"])
@app.queue_output("changes", "bench-noop", "AzureWebJobsStorage")
async def noop_with_queue(req: func.HttpRequest, changes: func.Out[typing.List[str]]) -> func.HttpResponse:  # noqa: UP006
    """Return 202 after writing a message as large as the relay's."""
    changes.set(["x" * 400])
    return func.HttpResponse(status_code=202)
