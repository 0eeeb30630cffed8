"""The entry point of the Web API: from HTTP to a call of a known user, and back.

Dataverse: Authenticate with Microsoft Entra ID; Use application users; Compose HTTP requests and handle errors. An
application user is one per app; without one the answer is a 403.
"""

import asyncio
import json
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.api.router import perform
from sandbox.dataverse.errors import NOT_A_MEMBER, ApiError, invalid, no_privilege
from sandbox.dataverse.organization import Organization
from sandbox.tenant.tokens import Caller, Refused

ROOT = "/api/data/v9.2/"
SHOWN_VERSION = {"OData-Version": "4.0"}


def routes(organization: Organization) -> list[web.RouteDef]:
    """Return one route for the whole Web API; another version of it is not served."""

    async def serve(request: web.Request) -> web.Response:
        """Handle one HTTP request."""
        return await _serve(organization, request)

    return [web.route("*", f"{ROOT}{{path:.*}}", serve)]


async def _serve(organization: Organization, request: web.Request) -> web.Response:
    path = request.rel_url.raw_path.removeprefix(ROOT)
    segments = [unquote(part) for part in path.split("/") if part]
    call = Call(organization, request.method, segments, dict(request.query), CIMultiDict(request.headers))
    try:
        call.user_id = user_of(organization, request.headers.get("Authorization"))
        with organization.limits.request(call.user_id):
            await asyncio.sleep(organization.settings.latency_seconds)
            _check_bypass(call)
            call.body = await _body(request)
            answer = perform(call)
            if call.method != "GET":
                organization.limits.spend(call.user_id, organization.settings.plugin_seconds)
    except ApiError as error:
        answer = Answer(error.status, error.body() if error.status != 401 else None, error.headers)
    return _response(organization, call, answer)


def user_of(organization: Organization, authorization: str | None) -> str:
    """Return the id of the user who calls. Raises ApiError: 401 for a token that is not for this organization, 403."""
    try:
        caller = organization.tenant.tokens.check(authorization, organization.url)
    except Refused as error:
        authority = f"{organization.tenant.url}/{organization.tenant.tenant_id}/oauth2/authorize"
        challenge = f"Bearer authorization_uri={authority}, resource_id={organization.url}/"
        raise ApiError(401, "", error.text, {"WWW-Authenticate": challenge}) from error
    user = _row_of(organization, caller)
    if user is None or user.get("isdisabled"):
        raise ApiError(403, NOT_A_MEMBER, "The user is not a member of the organization.")
    return str(user["systemuserid"])


def _row_of(organization: Organization, caller: Caller) -> dict[str, Any] | None:
    """Return the row of an app's user, or of the administrator who signed in with the Azure CLI."""
    if caller.scopes:
        return organization.rows.get("systemuser", organization.ids["user:administrator"])
    wanted = caller.client_id.lower()
    rows = organization.rows.of("systemuser").values()
    return next((row for row in rows if str(row.get("applicationid") or "").lower() == wanted), None)


def _check_bypass(call: Call) -> None:
    """Raise ApiError (403) for a caller who wants to skip the customer's logic: only administrators may."""
    bypasses = any(name.lower().startswith("mscrm.bypass") for name in call.headers)
    if bypasses and call.user_id != call.organization.ids["user:administrator"]:
        raise no_privilege(call.user_id, "prvBypassCustomBusinessLogic", "organization")


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request, None without a body. Raises ApiError (400, 415)."""
    content = await request.read()
    if not content:
        return None
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        text = "A request with a body needs the header Content-Type: application/json."
        raise ApiError(415 if "Content-Type" in request.headers else 400, "0x80048d19", text)
    try:
        return json.loads(content)
    except ValueError as error:
        raise invalid("The request body is no valid JSON.", "0x80048d19") from error


def _response(organization: Organization, call: Call, answer: Answer) -> web.Response:
    headers = {**SHOWN_VERSION, **answer.headers, "x-ms-service-request-id": call.request_id}
    if (client_id := call.headers.get("x-ms-client-request-id")) is not None:
        headers["x-ms-client-request-id"] = client_id
    if call.user_id:
        headers |= organization.limits.remaining(call.user_id)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    return web.Response(status=answer.status, headers=headers, text=text, content_type=answer.content_type)
