"""An administrator looks at deliveries, pauses them and lets them go on."""

import azure.functions as func

from functions.auth import ADMIN, caller_of, route
from functions.responses import json_object, json_response
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected
from shared.utc import format_utc

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@route(blueprint, "relay", methods=["GET"], role=ADMIN)
def get_relay(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """Tell whether deliveries leave, since when and why, and how many changes wait or are dead."""
    return _state()


@route(blueprint, "relay/pause", methods=["POST"], role=ADMIN)
def pause_relay(req: func.HttpRequest) -> func.HttpResponse:
    """Let nothing leave any more. Intake goes on, and nothing is lost."""
    relay().pause.pause(_reason(req.get_body()), caller_of(req).name)
    return _state()


@route(blueprint, "relay/resume", methods=["POST"], role=ADMIN)
def resume_relay(req: func.HttpRequest) -> func.HttpResponse:
    """Let everything leave again, what waited included; also after the partner answered 410."""
    relay().pause.resume(_reason(req.get_body()), caller_of(req).name)
    return _state()


def _reason(body: bytes) -> str:
    content = json_object(body)
    reason = content.get("reason", "")
    if not isinstance(reason, str) or content.keys() - {"reason"}:
        raise RequestRejected(problems.REASON_REQUIRED, 'Say why, and nothing else: {"reason": "…"}.')
    return reason


def _state() -> func.HttpResponse:
    from shared.delivery.pause import MOST_COUNTED

    status = relay().pause.delivery_status()
    return json_response(200, {
        "state": status.endpoint.state,
        "since": format_utc(status.endpoint.since) if status.endpoint.since else None,
        "reason": status.endpoint.reason or None,
        "waiting": status.waiting,
        "deadLetters": status.dead,
        "countedTo": MOST_COUNTED,
    })  # fmt: skip
