"""Says which package runs: its short hash to anyone, version, commit and hash to a caller with an Entra token.

The Functions host checks no key of an anonymous route and does not report one, so a caller with a key reads the same
from the health checks and from GET /api/relay. ("Azure Functions HTTP trigger: Authorization level")
"""

import azure.functions as func

from functions.auth import READ, admit
from functions.open_routes import open_route
from functions.responses import json_response
from shared.bootstrap.app import relay
from shared.version import VERSION

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@open_route(blueprint, "version")
def version(req: func.HttpRequest) -> func.HttpResponse:
    """Return the package. A token that is sent has to be valid: 401 and 403 as on other routes."""
    relay().request_metrics.write_due()
    package = relay().package
    content: dict[str, str | None] = {"package": package.short_hash or None}
    if "authorization" in req.headers:  # without one, no setting is read and no other service called
        admit(req, relay().authenticator.token_caller(req.headers["authorization"]), READ)
        content |= {"version": VERSION, "commit": package.commit or None, "packageHash": package.hash or None}
    return json_response(200, content, **{"Cache-Control": "no-store"})
