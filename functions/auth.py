"""Registers each protected function twice: for callers with a function key, and for callers with an Entra token.

The Functions host checks keys before our code runs, does not report which key was used, and responds 401 to a caller
with only a token. A route's authorization level is fixed when the app is imported. So one declaration registers the
same handler at /api/… for keys and, anonymously, at /api/entra/…, where this module checks the token. ("Azure Functions
HTTP trigger: Authorization level"; docs/adr/0011-two-doors.md)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import azure.functions as func

from functions.responses import problem_responses
from shared import problems
from shared.auth.caller import ADMIN, READ, SETUP, Caller
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

__all__ = ["ADMIN", "READ", "SETUP", "address", "caller_of", "route"]

Handler = Callable[[func.HttpRequest], func.HttpResponse]
ENTRA = "entra/"
LARGEST_BODY = 65_536  # bytes; no valid call needs more
_callers: WeakKeyDictionary[func.HttpRequest, Caller] = WeakKeyDictionary()


def route(blueprint: func.Blueprint, path: str, *, methods: list[str], role: str) -> Callable[[Handler], Any]:
    """Register a handler for callers with a role, once for keys and once for tokens.

    Errors become problem details. A function key grants Relay.Setup, the master key Relay.Admin.
    """

    def registered(handler: Handler) -> Any:
        master = role == ADMIN

        def key_caller(_: func.HttpRequest) -> Caller:
            return relay().authenticator.authenticate_key(master=master, other=f"/api/{ENTRA}{path}")

        def token_caller(req: func.HttpRequest) -> Caller:
            token, principal = req.headers.get("authorization"), req.headers.get("x-ms-client-principal")
            return relay().authenticator.authenticate_token(token, principal, role)

        tokens = _authenticated(token_caller, handler)
        tokens.__name__ = f"{handler.__name__}_entra"
        blueprint.route(ENTRA + path, methods=methods, auth_level=func.AuthLevel.ANONYMOUS)(tokens)
        level = func.AuthLevel.ADMIN if master else func.AuthLevel.FUNCTION
        return blueprint.route(path, methods=methods, auth_level=level)(_authenticated(key_caller, handler))

    return registered


def caller_of(req: func.HttpRequest) -> Caller:
    """Return the caller of a request. Works only in a handler registered by `route`."""
    return _callers[req]


def address(req: func.HttpRequest, path: str) -> str:
    """Return the public URL of an API path, below /api/entra/ if the caller used a token."""
    prefix = ENTRA if caller_of(req).by_token else ""
    return f"{relay().settings.public_base_url}/api/{prefix}{path}"


def _authenticated(
    authenticate: Callable[[func.HttpRequest], Caller], handler: Handler
) -> Callable[..., func.HttpResponse]:
    @problem_responses
    @wraps(handler)
    def authenticated(req: func.HttpRequest) -> func.HttpResponse:
        _callers[req] = authenticate(req)
        if len(req.get_body()) > LARGEST_BODY:
            raise RequestRejected(problems.REQUEST_TOO_LARGE, f"The limit is {LARGEST_BODY} bytes.")
        return handler(req)

    return authenticated
