"""The HTTP client for Microsoft Graph: tokens, timeouts, short retries, paging and the mapping of errors.

References: "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance" and "Paging
Microsoft Graph data in your app".
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphRejected,
    GraphUnavailable,
)
from shared.http.retry_after import seconds_of
from shared.http.session import session_for

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 3.05
READ_SECONDS = 5.0  # three attempts and two waits stay under 20 seconds
HANDSHAKE_SECONDS = 25.0  # Graph calls our two URLs back before it answers a POST, up to 10 seconds each
RETRY_AFTER_LONGEST = 2  # longer waits are left to the queue
_PATH = re.compile(r"(?:/[!$-.0-;=@-Z_a-z~]+)+")  # RFC 3986: no space, backslash, fragment or empty segment
_DOT_SEGMENT = re.compile(r"(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|$)", re.IGNORECASE)  # also escaped
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MEANING = {403: GraphForbidden, 404: GraphNotFound, 409: GraphConflict, 410: GraphNotFound}


class GetToken(Protocol):
    """Returns an access token for Graph; `fresh` means that Graph rejected the last one."""

    def __call__(self, *, fresh: bool = False) -> str:
        """Return the token."""
        ...


class GraphClient:
    """Calls Graph below `base_url` with the tokens of `get_token` over `session` (see `graph_session`).

    All three are evaluated at each call, so that a broken setting fails the call and not the construction.
    """

    def __init__(
        self, base_url: Callable[[], str], get_token: GetToken, session: Callable[[], requests.Session]
    ) -> None:
        self._base_url = base_url
        self._get_token = get_token
        self._session = session

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        prefer: str | None = None,
        if_match: str | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> dict[str, Any]:
        """Send a request and return Graph's JSON object ({} for 202 and 204). Raises GraphError, see `error_of`.

        A path that leads out of the base URL is rejected, because it may contain ids and links from outside.
        """
        if _is_unsafe(path):
            raise GraphRejected(0, "StrayPath")
        url, preferences = self._base_url() + path, {"Prefer": prefer, "If-Match": if_match}
        headers = {name: value for name, value in preferences.items() if value}
        response = self._send(method, url, params, body, headers, read_seconds, fresh=False)
        if response.status_code == 401:  # once: the token may have been revoked before it expired
            response = self._send(method, url, params, body, headers, read_seconds, fresh=True)
        return _content(response)

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,
        before_page: Callable[[], None] = lambda: None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. A nextLink contains all parameters, and must lead to Graph itself."""
        before_page()
        page = self.call("GET", path, params=params, prefer=prefer)
        while True:
            yield from page.get("value", [])
            link = page.get("@odata.nextLink")
            if link is None:
                return
            if not isinstance(link, str) or not link.lower().startswith(self._base_url().lower() + "/"):
                raise GraphRejected(200, "ForeignNextLink")
            before_page()
            page = self.call("GET", link[len(self._base_url()) :], prefer=prefer)

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        preferences: Mapping[str, str],
        read_seconds: float,
        *,
        fresh: bool,
    ) -> requests.Response:
        from requests import RequestException

        headers = {"Authorization": f"Bearer {self._get_token(fresh=fresh)}", "client-request-id": str(uuid.uuid4())}
        headers |= preferences
        limit = (CONNECT_SECONDS, read_seconds)
        try:
            return self._session().request(
                method, url, params=params, json=body, headers=headers, timeout=limit, allow_redirects=False
            )
        except RequestException as error:
            reason = f"NoAnswer.{type(error).__name__}"
            raise GraphUnavailable(0, reason, headers["client-request-id"]) from None


def _is_unsafe(path: str) -> bool:
    """Return whether a path has dot segments, or characters that must not be in a path or query."""
    segments, _, query = path.partition("?")
    return not _PATH.fullmatch(segments) or _DOT_SEGMENT.search(segments) is not None or not query.isprintable()


def _content(response: requests.Response) -> dict[str, Any]:
    """Return the body of a successful response. Raises GraphError for any other."""
    if response.status_code in (202, 204):
        return {}
    try:
        content = response.json()
    except ValueError:
        content = None
    if 200 <= response.status_code < 300 and isinstance(content, dict) and "error" not in content:
        return content
    raise error_of(response.status_code, content, response.headers)


def error_of(status: int, content: object, headers: Mapping[str, str]) -> GraphError:
    """Return the exception for a response: the only place that maps statuses to errors."""
    error = content.get("error") if isinstance(content, dict) else None
    code_text = error.get("code") if isinstance(error, dict) else None
    code = code_text if isinstance(code_text, str) and _CODE.fullmatch(code_text) else "Unreadable"
    wait = seconds_of(headers.get("Retry-After"))
    if status < 400 or status == 429 or status >= 500:
        kind: type[GraphError] = GraphUnavailable
    else:
        kind = _MEANING.get(status, GraphRejected)
    return kind(status, code, headers.get("request-id", ""), wait)


def graph_session(base_url: str) -> requests.Session:
    """Return a session that briefly retries idempotent requests. POST is not: its callers decide."""
    from urllib3.util import Retry

    class GraphRetry(Retry):
        """Accepts a fractional Retry-After, which Graph may send and urllib3 rejects."""

        def parse_retry_after(self, retry_after: str) -> float:
            return super().parse_retry_after(str(math.ceil(seconds_of(retry_after) or 0)))  # caps it

    retry = GraphRetry(
        total=2,
        backoff_factor=0.3,
        backoff_jitter=0.2,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=("GET", "PATCH", "DELETE"),
        respect_retry_after_header=True,
        retry_after_max=RETRY_AFTER_LONGEST,
        raise_on_status=False,
    )
    return session_for(base_url, retry)
