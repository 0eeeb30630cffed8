"""The control routes, /_control/…: what was seen, and how to behave. Never part of a real partner."""

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
    "GET /_control": "these lines",
    "DELETE /_control": "forget all that was received",
    "GET /_control/picture": "mailbox → events",
    "GET /_control/deliveries?since=N": "counts, violations, and the attempts after number N",
    "GET /_control/raw": "every request as it came: method, path, headers, body",
    "GET /_control/wait?deliveries=N&seconds=S": "answers once N distinct webhook-ids came (&taken=true: were taken)",
    "GET /_control/behaviour": "the planted behaviours",
    "POST /_control/behaviour": "plant one more: status, headers, body, times, delaySeconds, cut, drip, hang, mailbox",
    "DELETE /_control/behaviour": "behave well again",
    "POST /_control/secrets": '{"secrets": ["whsec_…"]}: verify with any of these from now on',
    "GET /_control/direct": "Graph's own notifications, taken at POST /graph",
    "POST /_control/direct": '{"clientState": "…"}: take notifications that carry it',
}


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a ValueError of a control route into 400 with what was wrong."""
    if not request.path.startswith("/_control"):
        return await handler(request)
    try:
        return await handler(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)


def routes(partner: "Partner") -> list[web.RouteDef]:
    """Give the control routes of this partner."""
    return [*_journal_routes(partner), *_setting_routes(partner)]


def _journal_routes(partner: "Partner") -> list[web.RouteDef]:
    """Give the routes for what was seen."""

    async def deliveries(request: web.Request) -> web.Response:
        """Show the journal, from a number on."""
        return web.json_response(partner.deliveries.summary(max(0, int(request.query.get("since", "0")))))

    async def wait(request: web.Request) -> web.Response:
        """Wait for deliveries."""
        count, seconds = int(request.query.get("deliveries", "1")), float(request.query.get("seconds", "10"))
        came = await partner.deliveries.wait(count, seconds, taken=request.query.get("taken") == "true")
        return web.json_response({"came": came} | partner.deliveries.counts())

    async def forget(_request: web.Request) -> web.Response:
        """Forget all."""
        partner.forget()
        return web.Response(status=204)

    return [
        web.get("/_control", _reading(lambda: ROUTES)),
        web.get("/_control/picture", _reading(partner.receiver.picture.listed)),
        web.get("/_control/raw", _reading(lambda: partner.raw)),
        web.get("/_control/direct", _reading(partner.direct.listed)),
        web.get("/_control/deliveries", deliveries),
        web.get("/_control/wait", wait),
        web.delete("/_control", forget),
    ]


def _setting_routes(partner: "Partner") -> list[web.RouteDef]:
    """Give the routes for how to behave."""

    async def plant(request: web.Request) -> web.Response:
        """Plant a behaviour behind those that stand."""
        partner.behaviours.planted.append(behaviour_of(await _body(request)))
        return web.json_response(partner.behaviours.listed())

    async def behave(_request: web.Request) -> web.Response:
        """Clear every behaviour; a delivery that already hangs goes on hanging."""
        partner.behaviours.planted.clear()
        return web.Response(status=204)

    async def secrets(request: web.Request) -> web.Response:
        """Replace the secrets."""
        given = _field(await _body(request), "secrets", list)
        if not given or not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in given):
            raise ValueError("secrets is a list of at least one whsec_…")
        try:
            partner.receiver.webhooks = [Webhook(secret) for secret in given]
        except EmptyWebhookSecretError as error:
            raise ValueError("a secret has nothing behind whsec_") from error
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
    """Make a handler that answers what `read` gives, as JSON."""

    async def answer(_request: web.Request) -> web.Response:
        """Answer."""
        return web.json_response(read())

    return answer


async def _body(request: web.Request) -> Any:
    """Read the request's JSON. Raises ValueError."""
    return json.loads(await request.read())


def _field(given: Any, name: str, kind: type) -> Any:
    """Take the one field that a control body is made of. Raises ValueError."""
    if not isinstance(given, dict) or set(given) != {name} or not isinstance(given[name], kind):
        raise ValueError(f"the body is an object with exactly one field, {name!r}")
    return given[name]
