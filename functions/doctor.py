"""Runs the doctor for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import ADMIN, charge, route
from functions.responses import json_object, json_response
from shared.bootstrap.app import relay
from shared.errors import RelayError

if TYPE_CHECKING:
    from shared.doctor.finding import Finding

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@route(blueprint, "doctor", methods=["POST"], role=ADMIN)
def examine_relay(req: func.HttpRequest) -> func.HttpResponse:
    """Return 200 with all findings, good or bad. Body: {"allowed": […], "refused": […], "ping": true}, or none."""
    from shared.doctor.request import parse_doctor_request

    body = req.get_body()
    request = parse_doctor_request(json_object(body) if body.strip() else {})
    charge(req, len(request.allowed) + len(request.refused))
    findings = relay().doctor.examine(request, is_stopped=_is_stopped())
    healthy = all(finding.ok is not False for finding in findings)
    return json_response(200, {"ok": healthy, "checks": [_fields(finding) for finding in findings]})


def _is_stopped() -> bool | None:
    """Return whether the relay is stopped; None while storage does not say it. The rest is examined all the same."""
    try:
        return relay().stop.is_stopped()
    except RelayError:
        return None


def _fields(finding: Finding) -> dict[str, Any]:
    return {"name": finding.name, "ok": finding.ok, "detail": finding.detail, "whatToDo": finding.remedy or None}
