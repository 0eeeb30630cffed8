"""Health: up or down for anonymous callers; each check, with what to do, for authenticated callers."""

import azure.functions as func

from functions.auth import READ, route
from functions.open_routes import open_route
from functions.responses import json_response
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@open_route(blueprint, "health")
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """Return 200 up or stopped, or 503 down, without details."""
    from shared.health.checks import is_up
    from shared.health.permissions import is_stopped

    relay().request_metrics.write_due()
    checks = relay().vital_memory.read()
    if is_stopped(checks):
        return json_response(200, {"status": "stopped"})
    up = is_up(checks)
    return json_response(200 if up else 503, {"status": "up" if up else "down"})


@route(blueprint, "health/checks", methods=["GET"], role=READ)
def health_checks(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (as above)
    """List the named checks, each ok or with what to do; 503 if one is not ok."""
    checks = relay().check_memory.read()
    content = {check.name: {"ok": check.ok, "detail": check.text} for check in checks}
    return json_response(200 if all(check.ok for check in checks) else 503, {"checks": content})
