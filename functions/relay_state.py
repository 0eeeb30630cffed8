"""An administrator looks at deliveries, pauses them and lets them go on."""

import azure.functions as func

from functions.auth import ADMIN, callable_by, caller_of
from functions.responses import answer, json_object
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@callable_by(blueprint, "relay", methods=["GET"], role=ADMIN)
def get_relay(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """Tell whether deliveries leave, since when and why, and how many changes wait or are dead."""
    return _state()


@callable_by(blueprint, "relay/pause", methods=["POST"], role=ADMIN)
def pause_relay(req: func.HttpRequest) -> func.HttpResponse:
    """Let nothing leave any more. Intake goes on, and nothing is lost."""
    from shared.delivery.pause import pause

    pause(relay(), _reason(req.get_body()), caller_of(req).name)
    return _state()


@callable_by(blueprint, "relay/resume", methods=["POST"], role=ADMIN)
def resume_relay(req: func.HttpRequest) -> func.HttpResponse:
    """Let everything leave again, what waited included; also after the partner answered 410."""
    from shared.delivery.pause import resume

    resume(relay(), _reason(req.get_body()), caller_of(req).name)
    return _state()


def _reason(body: bytes) -> str:
    content = json_object(body)
    reason = content.get("reason", "")
    if not isinstance(reason, str) or content.keys() - {"reason"}:
        raise RequestRejected(422, "A reason is needed", 'Say why, and nothing else: {"reason": "…"}.')
    return reason


def _state() -> func.HttpResponse:
    from shared.delivery.pause import MOST_COUNTED, picture
    from shared.utc import format_utc

    now = picture(relay())
    return answer(200, {
        "state": now.endpoint.state,
        "since": format_utc(now.endpoint.since) if now.endpoint.since else None,
        "reason": now.endpoint.reason or None,
        "waiting": now.waiting,
        "deadLetters": now.dead,
        "countedTo": MOST_COUNTED,
    })  # fmt: skip
