"""The control routes, /_control/…: show what was received, and plant behaviours. Not part of a real partner."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from sandbox.partner.behaviour import behaviour_of

if TYPE_CHECKING:
    from sandbox.partner.server import Partner

ROUTES = {
    "GET /_control": "this list",
    "DELETE /_control": "forget everything that was received",
    "GET /_control/picture": "mailbox → events",
    "GET /_control/appointments": "business → appointments",
    "GET /_control/deliveries?since=N": "counts, violations, and the attempts after number N",
    "GET /_control/raw": "every request as received: method, path, headers, body",
    "GET /_control/wait?deliveries=N&seconds=S": "wait for N distinct webhook-ids (&taken=true: accepted ones)",
    "GET /_control/behaviour": "the planted behaviours",
    "POST /_control/behaviour": "add one: status, headers, body, times, delaySeconds, cut, drip, hang, taken, mailbox",
    "DELETE /_control/behaviour": "clear them",
    "POST /_control/secrets": '{"secrets": ["whsec_…"]}: accept signatures with any of these from now on',
    "GET /_control/direct": "Graph's own notifications, received at POST /graph",
    "POST /_control/direct": '{"clientState": "…"}: accept notifications that carry it',
}


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a control route's ValueError into a 400 with its text."""
    if not request.path.startswith("/_control"):
        return await handler(request)
    try:
        return await handler(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)


def routes(partner: "Partner") -> list[web.RouteDef]:
    """Return the control routes of this partner."""
    return [*_journal_routes(partner), *_setting_routes(partner)]


def _journal_routes(partner: "Partner") -> list[web.RouteDef]:
    """Return the routes that show what was received."""

    async def deliveries(request: web.Request) -> web.Response:
        """Return the journal, from a number on."""
        return web.json_response(partner.deliveries.summary(max(0, int(request.query.get("since", "0")))))

    async def wait(request: web.Request) -> web.Response:
        """Wait for deliveries."""
        count, seconds = int(request.query.get("deliveries", "1")), float(request.query.get("seconds", "10"))
        came = await partner.deliveries.wait(count, seconds, taken=request.query.get("taken") == "true")
        return web.json_response({"came": came} | partner.deliveries.counts())

    async def forget(_request: web.Request) -> web.Response:
        """Forget everything that was received."""
        partner.forget()
        return web.Response(status=204)

    return [
        web.get("/_control", _reading(lambda: ROUTES)),
        web.get("/_control/picture", _reading(partner.receiver.calendars.listed)),
        web.get("/_control/appointments", _reading(partner.appointments.listed)),
        web.get("/_control/raw", _reading(lambda: partner.raw)),
        web.get("/_control/direct", _reading(partner.direct.listed)),
        web.get("/_control/deliveries", deliveries),
        web.get("/_control/wait", wait),
        web.delete("/_control", forget),
    ]


def _setting_routes(partner: "Partner") -> list[web.RouteDef]:
    """Return the routes that change behaviour."""

    async def plant(request: web.Request) -> web.Response:
        """Add a behaviour after the existing ones."""
        partner.behaviours.planted.append(behaviour_of(await _body(request)))
        return web.json_response(partner.behaviours.listed())

    async def behave(_request: web.Request) -> web.Response:
        """Clear every behaviour; a delivery that already hangs keeps hanging."""
        partner.behaviours.planted.clear()
        return web.Response(status=204)

    async def secrets(request: web.Request) -> web.Response:
        """Replace the secrets."""
        given = _field(await _body(request), "secrets", list)
        if not given or not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in given):
            raise ValueError("secrets is a non-empty list of whsec_…")
        try:
            partner.receiver.webhooks = [Webhook(secret) for secret in given]
        except EmptyWebhookSecretError as error:
            raise ValueError("a secret is empty after whsec_") from error
        return web.Response(status=204)

    async def expect(request: web.Request) -> web.Response:
        """Register a clientState."""
        partner.direct.client_states.add(_field(await _body(request), "clientState", str))
        return web.Response(status=204)

    return [
        web.get("/_control/behaviour", _reading(partner.behaviours.listed)),
        web.post("/_control/behaviour", plant),
        web.delete("/_control/behaviour", behave),
        web.post("/_control/secrets", secrets),
        web.post("/_control/direct", expect),
    ]


def _reading(read: Callable[[], Any]) -> Handler:
    """Return a handler that responds with the result of `read` as JSON."""

    async def answer(_request: web.Request) -> web.Response:
        """Respond."""
        return web.json_response(read())

    return answer


async def _body(request: web.Request) -> Any:
    """Read the request's JSON. Raises ValueError."""
    return json.loads(await request.read())


def _field(given: Any, name: str, kind: type) -> Any:
    """Return the only field of a control body. Raises ValueError."""
    if not isinstance(given, dict) or set(given) != {name} or not isinstance(given[name], kind):
        raise ValueError(f"the body is an object with exactly one field, {name!r}")
    return given[name]
