"""Lets callers in, or tells them what is missing: keys, tokens, roles and the calls per minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared import problems, telemetry
from shared.auth.access_token import KeyOf, bearer_of, verified_claims
from shared.auth.app_service import principal_claims
from shared.auth.caller import FUNCTION_KEY, MASTER_KEY, Caller
from shared.auth.claims import caller_from, expected_of
from shared.auth.rate_limit import CallRateLimiter
from shared.errors import RequestRejected, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.config import Settings


class Authenticator:
    """The one who asks every caller. `keys` gives login's signing keys, and is asked for with the first token."""

    def __init__(self, settings: Settings, keys: Callable[[], KeyOf], rate: CallRateLimiter) -> None:
        self._settings = settings
        self._keys = keys
        self._rate = rate

    def authenticate_key(self, *, master: bool, other: str) -> Caller:
        """Let in who the host let in with a key; `other` is the route for tokens. Raises RequestRejected."""
        if not self._settings.caller_keys:
            text = f"Here keys open nothing. Call {other} with a bearer token of Microsoft Entra ID."
            raise RequestRejected(problems.KEYS_DISABLED, text)
        caller = MASTER_KEY if master else FUNCTION_KEY
        self._limit(caller)
        return caller

    def authenticate_token(self, authorization: str | None, principal: str | None, role: str) -> Caller:
        """Let in an app with this role: by its token, or by what App Service authentication says of it, if trusted.

        Raises Unauthenticated, RequestRejected 403 or 429, ConfigurationError, or ServiceUnavailable when login has to
        be asked.
        """
        try:
            caller = self._recognized(authorization, principal)
        except Unauthenticated as error:
            telemetry.count("callers_refused", reason=error.reason)
            raise
        self._limit(caller)
        if not caller.may(role):
            telemetry.count("callers_refused", reason="role")
            text = f"This call needs the app role {role} of the relay. The customer's IT assigns it to the calling app."
            raise RequestRejected(problems.ROLE_MISSING, text)
        return caller

    def _recognized(self, authorization: str | None, principal: str | None) -> Caller:
        expected = expected_of(self._settings)
        if self._settings.trust_app_service_auth and principal:
            return caller_from(principal_claims(principal), expected)
        token = bearer_of(authorization)
        return caller_from(verified_claims(token, self._keys(), expected), expected)

    def _limit(self, caller: Caller) -> None:
        most = self._settings.calls_per_minute
        wait = self._rate.wait(caller.name, most)
        if wait:
            text = f"A caller may make {most} calls in a minute. Wait as long as Retry-After says."
            raise RequestRejected(problems.TOO_MANY_CALLS, text, retry_after=wait)
