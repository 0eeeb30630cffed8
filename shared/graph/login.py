"""The HTTP client that MSAL calls login with: no call before login's Retry-After, and errors that tell the status.

Reference: "Microsoft identity platform and the OAuth 2.0 client credentials flow". MSAL does not tell its caller the
status: it takes a 429 for a rejection of the app, and any 4xx of the discovery for an unknown tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.http.retry_after import seconds_of
from shared.http.session import session_for

if TYPE_CHECKING:
    import requests

LOGIN_SECONDS = 6.0
# This process sends no call this long after a failure, so that an outage of login costs one wait, not one per thread.
# Shorter than the delay before a change is retried.
PAUSE_SECONDS = 2.0
LONGEST_PAUSE = 3_600.0  # seconds; a longer Retry-After of login is cut to this, so that a mistake ends by itself


class LoginHttp:
    """Sends MSAL's requests to `host`. Raises ServiceUnavailable for 429, 5xx or no response, and for a pause after."""

    def __init__(self, host: str, now: Callable[[], float]) -> None:
        self._host = host
        self._now = now
        self._paused: tuple[float, ServiceUnavailable | None] = (0.0, None)

    def post(self, url: str, **given: Any) -> requests.Response:
        """Send a POST."""
        return self._send("POST", url, given)

    def get(self, url: str, **given: Any) -> requests.Response:
        """Send a GET."""
        return self._send("GET", url, given)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @cached_property
    def _session(self) -> requests.Session:
        from urllib3.util import Retry

        return session_for(self._host, Retry(1, respect_retry_after_header=False))  # a new connection, once

    def _send(self, method: str, url: str, given: dict[str, Any]) -> requests.Response:
        from requests import RequestException

        until, failure = self._paused
        if failure is not None and self._now() < until:
            raise failure.with_traceback(None)
        try:
            response = self._session.request(method, url, **given, timeout=LOGIN_SECONDS)
        except RequestException:  # its text may quote the request
            raise self._pause(ServiceUnavailable("login")) from None
        if response.status_code == 429 or response.status_code >= 500:
            wait = seconds_of(response.headers.get("Retry-After"))
            raise self._pause(ServiceUnavailable("login", f"answered {response.status_code}", wait))
        return response

    def _pause(self, failure: ServiceUnavailable) -> ServiceUnavailable:
        pause = max(PAUSE_SECONDS, min(failure.retry_after or 0.0, LONGEST_PAUSE))
        self._paused = (self._now() + pause, failure)
        return failure
