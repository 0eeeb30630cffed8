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

from functions.answer_headers import note, with_headers
from functions.parameters import check_parameters
from functions.responses import problem_of
from shared import problems
from shared.api.url_parts import check_url_parts
from shared.auth.caller import ADMIN, READ, SETUP, Caller
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected
from shared.policy.stop import rejection

__all__ = ["ADMIN", "READ", "SETUP", "address", "admit", "caller_of", "charge", "route"]

Handler = Callable[[func.HttpRequest], func.HttpResponse]
ENTRA = "entra/"
LARGEST_BODY = 65_536  # bytes; no valid call needs more
OPEN_WHILE_STOPPED = ("health_checks",)  # to callers other than administrators; it says that the relay is stopped
_callers: WeakKeyDictionary[func.HttpRequest, Caller] = WeakKeyDictionary()


def route(blueprint: func.Blueprint, path: str, *, methods: list[str], role: str) -> Callable[[Handler], Any]:
    """Register a handler for callers with a role, once for keys and once for tokens.

    Errors become problem details. A function key grants Relay.Setup, the master key Relay.Admin.
    """

    def registered(handler: Handler) -> Any:
        master = role == ADMIN

        @wraps(handler)
        def checked(req: func.HttpRequest) -> func.HttpResponse:
            check_parameters(req, handler.__name__, methods[0], path)
            return handler(req)

        def key_caller(_: func.HttpRequest) -> Caller:
            return relay().authenticator.key_caller(master=master, other=f"/api/{ENTRA}{path}")

        def token_caller(req: func.HttpRequest) -> Caller:
            token, has_principal = req.headers.get("authorization"), "x-ms-client-principal" in req.headers
            return relay().authenticator.token_caller(token, has_principal=has_principal)

        tokens = _authenticated(token_caller, role, checked, has_key=False)
        tokens.__name__ = f"{handler.__name__}_entra"
        blueprint.route(ENTRA + path, methods=methods, auth_level=func.AuthLevel.ANONYMOUS)(tokens)
        level = func.AuthLevel.ADMIN if master else func.AuthLevel.FUNCTION
        keyed = _authenticated(key_caller, role, checked, has_key=True)
        return blueprint.route(path, methods=methods, auth_level=level)(keyed)

    return registered


def caller_of(req: func.HttpRequest) -> Caller:
    """Return the caller of a request. Works only in a handler registered by `route`."""
    return _callers[req]


def charge(req: func.HttpRequest, mailboxes: int) -> None:
    """Count a request that names several mailboxes as so many calls of its caller."""
    relay().authenticator.charge(caller_of(req), mailboxes)


def address(req: func.HttpRequest, path: str) -> str:
    """Return the public URL of an API path, below /api/entra/ if the caller used a token."""
    prefix = ENTRA if caller_of(req).by_token else ""
    return f"{relay().settings.public_base_url}/api/{prefix}{path}"


def _authenticated(
    recognize: Callable[[func.HttpRequest], Caller], role: str, handler: Handler, *, has_key: bool
) -> Callable[..., func.HttpResponse]:
    """Return the handler behind its check. `has_key`: the host has checked a key before."""

    @wraps(handler)
    def authenticated(req: func.HttpRequest) -> func.HttpResponse:
        relay().request_metrics.write_due()
        try:
            response = _answered(req)
        except RelayError as error:
            response = problem_of(error, is_recognized=has_key or req in _callers)
        return with_headers(req, response)

    def _answered(req: func.HttpRequest) -> func.HttpResponse:
        caller = recognize(req)
        try:
            admit(req, caller, role)
            _callers[req] = caller
            return _admitted(req, caller)
        finally:  # the work may have been charged
            _note_quota(req, caller)

    def _admitted(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
        is_open = caller.may(ADMIN) or handler.__name__ in OPEN_WHILE_STOPPED
        if not is_open and relay().stop.is_stopped():  # what an administrator asks for, Permission judges
            raise rejection()
        if len(req.get_body()) > LARGEST_BODY:
            raise RequestRejected(problems.REQUEST_TOO_LARGE, f"The limit is {LARGEST_BODY} bytes.")
        check_url_parts(req.params)
        check_url_parts(req.route_params)
        return handler(req)

    return authenticated


def admit(req: func.HttpRequest, caller: Caller, role: str) -> None:
    """Count a call of a caller, and note for its answer how many are left. Raises RequestRejected 403 or 429."""
    try:
        relay().authenticator.admit(caller, role)
    finally:
        _note_quota(req, caller)


def _note_quota(req: func.HttpRequest, caller: Caller) -> None:
    """Note how many calls the caller may still make. ("RateLimit header fields for HTTP", Internet-Draft 10)"""
    quota = relay().authenticator.quota(caller)
    note(
        req,
        RateLimit_Policy=f'"calls";q={quota.per_minute};w=60',
        RateLimit=f'"calls";r={quota.remaining};t={quota.next_in}',
    )
