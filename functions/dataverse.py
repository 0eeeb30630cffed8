"""The feature dataverse: keeps events in step with bookings of Dynamics 365. Registered if FEATURES names dataverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.auth import ADMIN, caller_of, route
from functions.responses import json_object, json_response
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from shared.dataverse.operation.plan import PlannedResource

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@route(blueprint, "dataverse", methods=["GET"], role=ADMIN)
def get_dataverse(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """Return what the feature follows, how many pairs are in each state, and what waits."""
    return _status()


@route(blueprint, "dataverse/plan", methods=["POST"], role=ADMIN)
def plan_dataverse(req: func.HttpRequest) -> func.HttpResponse:
    """Return what `start` would do: the resources, how many events and bookings it would make, and how many events it
    would remove. Reads only.
    """
    _flag(req.get_body(), "")
    planned = relay().dataverse_plan.plan()
    return json_response(200, {
        "organization": planned.organization,
        "environmentType": planned.environment_type,
        "direction": planned.direction,
        "resources": [_planned(each) for each in planned.resources],
        "findings": list(planned.findings),
    })  # fmt: skip


@route(blueprint, "dataverse/start", methods=["POST"], role=ADMIN)
def start_dataverse(req: func.HttpRequest) -> func.HttpResponse:
    """Note the organization and begin to follow its bookings. {"sandbox": true} allows a non-production environment."""
    sandbox = _flag(req.get_body(), "sandbox")
    started = relay().dataverse_start.start(caller_of(req).name, sandbox=sandbox)
    return json_response(200, {
        "organization": started.organization, "resources": started.resources, "watches": started.watches,
    })  # fmt: skip


@route(blueprint, "dataverse/hold", methods=["POST"], role=ADMIN)
def hold_dataverse(req: func.HttpRequest) -> func.HttpResponse:
    """Hold the writes of one mailbox, or of the whole feature without one. Reading goes on."""
    relay().dataverse_hold.hold(caller_of(req).name, _mailbox(req.get_body()))
    return _status()


@route(blueprint, "dataverse/release", methods=["POST"], role=ADMIN)
def release_dataverse(req: func.HttpRequest) -> func.HttpResponse:
    """Release what `hold` or the brake has held: the writes that waited are made."""
    relay().dataverse_hold.release(caller_of(req).name, _mailbox(req.get_body()))
    return _status()


@blueprint.timer_trigger("timer", "%DATAVERSE_SCHEDULE%", run_on_startup=False, use_monitor=True)
def follow_dataverse(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Read which bookings have changed, and queue them."""
    relay().follow.run()


@blueprint.queue_trigger("msg", "pair-changes", "AzureWebJobsStorage")
def settle_pairs(msg: func.QueueMessage) -> None:
    """Bring the pairs of a message into step. Fails only when storage fails."""
    relay().pair_settling.process(msg.get_body().decode(errors="replace"))


@blueprint.queue_trigger("msg", "pair-changes-poison", "AzureWebJobsStorage")
def keep_poisoned_pairs(msg: func.QueueMessage) -> None:
    """Keep the pairs of a message that the host gave up on."""
    relay().pair_dead_letters.poison(msg.get_body().decode(errors="replace"))


def _flag(body: bytes, name: str) -> bool:
    """Return a flag from the body, False without one. No other name is allowed. Raises RequestRejected."""
    content = json_object(body) if body.strip() else {}
    value = content.get(name, False)
    if not isinstance(value, bool) or content.keys() - {name}:
        text = f'Send only {{"{name}": true}} or nothing.' if name else "Send no body, or {}."
        raise RequestRejected(problems.INVALID_REQUEST, text)
    return value


def _mailbox(body: bytes) -> str:
    """Return the address from the body, "" without one: the whole feature. Raises RequestRejected."""
    from shared.api.fields import checked_address

    content = json_object(body) if body.strip() else {}
    mailbox = content.get("mailbox", "")
    if not isinstance(mailbox, str) or content.keys() - {"mailbox"}:
        text = 'Send only the address, {"mailbox": "room1@contoso.com"}, or nothing for the whole feature.'
        raise RequestRejected(problems.INVALID_REQUEST, text)
    return checked_address("mailbox", mailbox) if content else ""


def _planned(resource: PlannedResource) -> dict[str, Any]:
    return {
        "id": resource.id, "state": resource.state, "eventsToMake": resource.events_to_make,
        "bookingsToMake": resource.bookings_to_make, "eventsToRemove": resource.events_to_remove,
    }  # fmt: skip


def _status() -> func.HttpResponse:
    status = relay().dataverse_status.status()
    return json_response(200, {
        "startedAt": _utc(status.started_at),
        "organization": status.organization or None,
        "heldSince": _utc(status.held_since),
        "tokenAgeSeconds": status.token_age_seconds,
        "resources": dict(status.resources),
        "pairs": dict(status.pairs),
        "waiting": status.waiting,
        "oldestHintSeconds": status.oldest_hint_seconds,
        "mailboxesHeld": status.mailboxes_held,
        "deadLetters": status.dead_letters,
        "circuitBreakerUntil": _utc(status.breaker_until),
        "lastWebhookAt": _utc(status.last_webhook_at),
    })  # fmt: skip


def _utc(moment: datetime | None) -> str | None:
    from shared.utc import format_utc

    return format_utc(moment) if moment else None
