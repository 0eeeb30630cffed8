"""The HTTP client for Microsoft Graph: tokens, timeouts, short retries of reads, and paging.

References: "Best practices for working with Microsoft Graph", "Microsoft Graph throttling guidance" and "Paging
Microsoft Graph data in your app".
"""

from __future__ import annotations

import math
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.answers import error_of, items_of, server_time
from shared.http.path_segments import STRAY_PATH, without_bookings_ids
from shared.http.retry_after import seconds_of
from shared.http.session import session_for

if TYPE_CHECKING:
    from types import TracebackType

    import requests
    from urllib3.connectionpool import ConnectionPool
    from urllib3.response import BaseHTTPResponse

CONNECT_SECONDS = 3.05
MOST_PAGES = 50_000  # of any list: 500,000 subscriptions are 25,000 pages of 20, the smallest that was seen
LIST_PAGES = 100  # of a list that a caller waits for
LIST_SECONDS = 20.0  # of all pages of such a list: it holds a thread of the process, and a place of its mailbox
TOO_MANY_PAGES, TOO_SLOW = "TooManyPages", "ListTooSlow"  # in the place of Graph's code
READ_SECONDS = 5.0  # three attempts and two waits stay under 20 seconds
# For the writes of subscriptions, 30 seconds with the connection: Graph calls our two URLs back before it answers a
# POST, up to 10 seconds each.
WRITE_SECONDS = 30.0 - CONNECT_SECONDS
RETRY_AFTER_LONGEST = 2  # seconds; for a longer Retry-After the call fails at once, and the queue waits
_PATH = re.compile(r"(?:/[!$-.0-;=@-Z_a-z~]+)+")  # RFC 3986: no space, backslash, fragment or empty segment
_DOT_SEGMENT = re.compile(r"(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|$)", re.IGNORECASE)  # also escaped
# Graph reads an escaped slash as a slash (microsoft-graph-docs issue 10167), and may decode an escaped % once more.
_ESCAPED = re.compile("%(?:2f|5c|25)", re.IGNORECASE)


class GetToken(Protocol):
    """Returns an access token for Graph; `fresh` means that Graph rejected the last one."""

    def __call__(self, *, fresh: bool = False) -> str:
        """Return the token."""
        ...


class GraphClient:
    """Calls Graph below `base_url` with the tokens of `get_token` over `session` (see `graph_session`).

    All three are evaluated at each call, so that a broken setting fails the call and not the construction.
    `clock_skew` is how far Graph's clock was ahead of this one (`now`) at the last response, in whole seconds; None
    before the first.
    """

    def __init__(
        self,
        base_url: Callable[[], str],
        get_token: GetToken,
        session: Callable[[], requests.Session],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url
        self._get_token = get_token
        self._session = session
        self._now = now
        self._clock = clock
        self.clock_skew: timedelta | None = None

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
            raise GraphRejected(0, STRAY_PATH)
        url, preferences = self._base_url() + path, {"Prefer": prefer, "If-Match": if_match}
        headers = {name: value for name, value in preferences.items() if value}
        response = self._send(method, url, params, body, headers, read_seconds, fresh=False)
        if response.status_code == 401:  # once: the token may have been revoked before it expired
            response = self._send(method, url, params, body, headers, read_seconds, fresh=True)
        return _content(response)

    def require_token(self) -> None:
        """Raise ServiceUnavailable or ConfigurationError while login gives no token for a call."""
        self._get_token()

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,
        read: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]] = lambda page: page(),
        most: int = MOST_PAGES,
        seconds: float = math.inf,
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. A nextLink contains all parameters, and must lead to Graph itself.

        `read` calls its argument for a page, once or again after an error. Without it, an error of one page is raised:
        a caller that answers an HTTP request, or holds a message of the queue, cannot wait. A link that was followed
        before ends the walk with GraphRejected: it would not end otherwise. So does a link after `most` pages;
        one after `seconds` ends it with GraphUnavailable.
        """
        followed: set[str] = set()
        end = self._clock() + seconds
        page = read(partial(self.call, "GET", path, params=params, prefer=prefer))
        while True:
            yield from items_of(page)
            link = page.get("@odata.nextLink")
            if link is None:
                return
            if not isinstance(link, str) or not link.lower().startswith(self._base_url().lower() + "/"):
                raise GraphRejected(200, "ForeignNextLink")
            if link in followed:
                raise GraphRejected(200, "RepeatedNextLink")
            if len(followed) + 1 >= most:
                raise GraphRejected(200, TOO_MANY_PAGES)
            if self._clock() > end:
                raise GraphUnavailable(0, TOO_SLOW)
            followed.add(link)
            page = read(partial(self.call, "GET", link[len(self._base_url()) :], prefer=prefer))

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
        limit, sent = (CONNECT_SECONDS, read_seconds), self._now()
        try:
            response = self._session().request(
                method, url, params=params, json=body, headers=headers, timeout=limit, allow_redirects=False
            )
        except RequestException as error:
            reason = f"NoAnswer.{type(error).__name__}"
            raise GraphUnavailable(0, reason, headers["client-request-id"]) from None
        self._compare_clocks(sent, response.headers)
        return response

    def _compare_clocks(self, sent: datetime, headers: Mapping[str, str]) -> None:
        """Update `clock_skew`. The server may set Date at any time of the call, so any time within it is no skew.

        Only Graph's own responses have a request-id. The clock of a proxy does not count.
        """
        moment = server_time(headers)
        if moment is not None and headers.get("request-id"):
            skew = max(moment - self._now(), timedelta()) or min(moment - sent, timedelta())
            self.clock_skew = timedelta(seconds=int(skew.total_seconds()))


def _is_unsafe(path: str) -> bool:
    """Return whether a path has dot segments, or characters that must not be in a path or query, also escaped."""
    segments, _, query = path.partition("?")
    if not _PATH.fullmatch(segments) or _DOT_SEGMENT.search(segments) or not query.isprintable():
        return True
    return _ESCAPED.search(without_bookings_ids(segments)) is not None


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


def graph_session(base_url: str) -> requests.Session:
    """Return a session that briefly retries reads. Every other method is sent once: its callers decide.

    A repeated PATCH or DELETE could meet its own effect (404, 412), and report a failure for what succeeded.
    """
    from urllib3.util import Retry

    class GraphRetry(Retry):
        """Ends at a Retry-After above the limit, and accepts a fractional one, which urllib3 rejects."""

        def increment(
            self,
            method: str | None = None,
            url: str | None = None,
            response: BaseHTTPResponse | None = None,
            error: Exception | None = None,
            _pool: ConnectionPool | None = None,
            _stacktrace: TracebackType | None = None,
        ) -> GraphRetry:
            wait = None if response is None else seconds_of(response.headers.get("Retry-After"))
            is_last = method != "GET" or (wait or 0) > RETRY_AFTER_LONGEST
            retry = self.new(total=0) if is_last else self
            return super(GraphRetry, retry).increment(method, url, response, error, _pool, _stacktrace)

        def parse_retry_after(self, retry_after: str) -> float:
            return super().parse_retry_after(str(math.ceil(seconds_of(retry_after) or 0)))  # caps it

    retry = GraphRetry(
        total=2,
        backoff_factor=0.3,
        backoff_jitter=0.2,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=("GET",),
        respect_retry_after_header=True,
        retry_after_max=RETRY_AFTER_LONGEST,
        raise_on_status=False,
    )
    return session_for(base_url, retry)
