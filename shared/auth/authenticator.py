"""Authenticates callers by key or token, and checks their role and rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared import problems, telemetry
from shared.auth.access_token import UNKNOWN_KEY, KeyOf, bearer_of, claims_to_be_new, key_id_of, verified_claims
from shared.auth.caller import FUNCTION_KEY, MASTER_KEY, Caller
from shared.auth.claims import Expected, caller_from, expected_of
from shared.auth.rate_limit import CallRateLimiter, Quota
from shared.errors import RequestRejected, ServiceUnavailable, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.config import Settings


class Authenticator:
    """Authenticates and authorizes every caller. `keys` is first called for the first token.

    `count_refusal` counts a caller that is refused, by the reason. `unread_key` returns the seconds until login can be
    asked for an unknown key id (0: login does not have it), and since when it was not.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Callable[[], KeyOf],
        rate: CallRateLimiter,
        count_refusal: Callable[[str], None] = lambda reason: telemetry.count("callers_refused", reason=reason),
        unread_key: Callable[[str], tuple[float, float]] = lambda _: (0.0, 0.0),
    ) -> None:
        self._settings = settings
        self._count_refusal = count_refusal
        self._keys = keys
        self._rate = rate
        self._unread_key = unread_key

    def key_caller(self, *, master: bool, other: str) -> Caller:
        """Return the caller of a request whose key the host has checked. `other` is the route for tokens.

        Raises RequestRejected when keys are disabled.
        """
        if not self._settings.caller_keys:
            text = f"Function keys are disabled. Call {other} with a bearer token from Microsoft Entra ID."
            raise RequestRejected(problems.KEYS_DISABLED, text)
        return MASTER_KEY if master else FUNCTION_KEY

    def token_caller(self, authorization: str | None, *, has_principal: bool = False) -> Caller:
        """Return the calling app of an Authorization header.

        `has_principal`: the call has the header of App Service authentication. It is not signed, so it is counted as
        the reason of a refusal, and not read: App Service passes the token on.

        Raises Unauthenticated, ConfigurationError, or ServiceUnavailable when Entra's signing keys cannot be fetched.
        """
        try:
            return self._recognized(authorization, has_principal=has_principal)
        except Unauthenticated as error:
            self._count_refusal(error.reason)
            raise

    def admit(self, caller: Caller, role: str) -> None:
        """Count a call of a caller. Raises RequestRejected 429 when there are too many, or 403 without the role."""
        self._limit(caller)
        if not caller.may(role):
            self._count_refusal("role")
            text = f"This call needs the relay's app role {role}. The customer's IT assigns it to the calling app."
            raise RequestRejected(problems.ROLE_MISSING, text)

    def quota(self, caller: Caller) -> Quota:
        """Return how many calls a caller may still make."""
        return self._rate.quota(caller.name, self._settings.calls_per_minute)

    def charge(self, caller: Caller, mailboxes: int) -> None:
        """Count a call that names several mailboxes as one call for each. It was counted once already."""
        self._rate.charge(caller.name, max(mailboxes - 1, 0), self._settings.calls_per_minute)

    def _recognized(self, authorization: str | None, *, has_principal: bool) -> Caller:
        if has_principal and not authorization:
            raise Unauthenticated("principal")
        expected = expected_of(self._settings)
        token = bearer_of(authorization)
        try:
            return caller_from(verified_claims(token, self._keys(), expected), expected)
        except Unauthenticated as error:
            if error.reason == UNKNOWN_KEY:
                self._check_key_is_read(token, expected)
            raise

    def _check_key_is_read(self, token: str, expected: Expected) -> None:
        """Raise ServiceUnavailable if login may have begun to use a token's key since it was asked for its keys."""
        wait, since = self._unread_key(key_id_of(token))
        if wait and claims_to_be_new(token, expected, since):
            self._count_refusal(UNKNOWN_KEY)
            raise ServiceUnavailable("login", "was not asked for this token's signing key yet", wait)

    def _limit(self, caller: Caller) -> None:
        limit = self._settings.calls_per_minute
        wait = self._rate.wait(caller.name, limit)
        if wait:
            text = f"A caller may make {limit} calls per minute, one for each mailbox. Wait as Retry-After says."
            raise RequestRejected(problems.TOO_MANY_CALLS, text, retry_after=wait)
