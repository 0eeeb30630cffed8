"""Is it still working? Up or down for anybody; each check, and what to do, for who holds a key."""

import time
from threading import Lock
from typing import TYPE_CHECKING

import azure.functions as func

from functions.auth import READ, route
from functions.responses import json_response
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from shared.health.checks import Check

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
KEEP_SECONDS = 15.0  # so that anonymous callers cannot make us call the vault, login and storage for each request
_lock = Lock()
_kept: "tuple[float, list[Check]]" = (0.0, [])


@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """Answer 200 up or 503 down, and nothing else."""
    from shared.health.checks import is_up

    up = is_up(_checks())
    return json_response(200 if up else 503, {"status": "up" if up else "down"})


@route(blueprint, "health/checks", methods=["GET"], role=READ)
def health_checks(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (as above)
    """List the named checks, each ok or what to do; 503 when one is not ok."""
    checks = _checks()
    content = {check.name: {"ok": check.ok, "detail": check.text} for check in checks}
    return json_response(200 if all(check.ok for check in checks) else 503, {"checks": content})


def _checks() -> "list[Check]":
    """Return the checks, run at most once in KEEP_SECONDS; while somebody runs them, those of before."""
    global _kept  # noqa: PLW0603  (the one thing that is kept between two calls)
    due, checks = _kept
    if time.monotonic() < due or not _lock.acquire(blocking=not checks):
        return checks
    try:
        if time.monotonic() >= _kept[0]:
            checks = relay().health_checks.check_all()
            _kept = (time.monotonic() + KEEP_SECONDS, checks)
        return _kept[1]
    finally:
        _lock.release()
