"""One HTTP client for Microsoft Graph: tokens, time limits, short retries, paging, and one place for its errors.

Rests on "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance" and "Paging
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
READ_SECONDS = 5.0  # three tries and two waits stay under 20 seconds
HANDSHAKE_SECONDS = 25.0  # Graph calls our two URLs back before it answers a POST, up to 10 seconds each
RETRY_AFTER_LONGEST = 2  # longer waits belong to the queue
_PATH = re.compile(r"(?:/[!$-.0-;=@-Z_a-z~]+)+")  # RFC 3986's signs: no blank, backslash, fragment or empty step
_WAY_UP = re.compile(r"(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|$)", re.IGNORECASE)  # also when it is escaped
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MEANING = {403: GraphForbidden, 404: GraphNotFound, 409: GraphConflict, 410: GraphNotFound}


class GetToken(Protocol):
    """Returns an access token for Graph; `fresh` means that the last one was refused."""

    def __call__(self, *, fresh: bool = False) -> str:
        """Return the token."""
        ...


class GraphClient:
    """Calls Graph below `base_url` with the tokens of `get_token` over `session` (see `graph_session`).

    All of them are read at each call: a broken setting fails the call, and not what builds this.
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
        """Return the JSON object that Graph answers ({} for 202 and 204). Raises GraphError, by `error_of`.

        A path that would lead elsewhere is never called: an id or a link that was received may stand in it.
        """
        if _strays(path):
            raise GraphRejected(0, "StrayPath")
        url, preferences = self._base_url() + path, {"Prefer": prefer, "If-Match": if_match}
        headers = {name: value for name, value in preferences.items() if value}
        response = self._send(method, url, params, body, headers, read_seconds, fresh=False)
        if response.status_code == 401:  # once: the token may have been revoked before its time
            response = self._send(method, url, params, body, headers, read_seconds, fresh=True)
        return _content(response)

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,
        before_page: Callable[[], None] = lambda: None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. A nextLink holds every parameter, and must lead to Graph itself."""
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


def _strays(path: str) -> bool:
    steps, _, query = path.partition("?")
    return not _PATH.fullmatch(steps) or _WAY_UP.search(steps) is not None or not query.isprintable()


def _content(response: requests.Response) -> dict[str, Any]:
    """Return the body of a success, or raise what the answer means."""
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
    """Return the exception for an answer: the one place that gives statuses a meaning."""
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
    """Return a session that retries what may be repeated, briefly. POST is left to the caller: it makes things."""
    from urllib3.util import Retry

    class GraphRetry(Retry):
        """Reads Graph's Retry-After, which may be a fraction: urllib3 by itself raises for what it does not know."""

        def parse_retry_after(self, retry_after: str) -> float:
            return super().parse_retry_after(str(math.ceil(seconds_of(retry_after) or 0)))  # which caps it

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
