"""The HTTP client for Dataverse: tokens, timeouts, strict headers, paging. It repeats nothing: the queue waits.

References: "Compose HTTP requests and handle errors", "Service protection API limits", "Perform conditional operations
using the Web API".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from shared.dynamics.errors import DynamicsError, DynamicsRejected, DynamicsUnavailable, error_of

if TYPE_CHECKING:
    import requests

PATH = "/api/data/v9.2/"
CONNECT_SECONDS, READ_SECONDS = 3.05, 30.0
PAGE_SIZE = 5_000  # rows of one answer, the most that the service returns
MOST_PAGES = 10_000
REQUEST_ID = "x-ms-client-request-id"
_HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}


class GetToken(Protocol):
    """Returns an access token for the organization; `fresh` means that it rejected the last one."""

    def __call__(self, *, fresh: bool = False) -> str:
        """Return the token."""
        ...


class CallBreaker(Protocol):
    """Decides whether Dataverse may be called now, for all instances."""

    def require(self) -> None:
        """Raise DynamicsUnavailable with Retry-After while it may not."""

    def record(self, error: DynamicsUnavailable | None) -> None:
        """Note how a call ended: None if Dataverse answered, whatever it said."""


class DynamicsClient:
    """Calls the organization at `base_url`, which is evaluated at each call, as are the token and the session."""

    def __init__(
        self, base_url: Callable[[], str], get_token: GetToken, session: Callable[[], requests.Session],
        breaker: CallBreaker,
    ) -> None:  # fmt: skip
        self._base_url = base_url
        self._get_token = get_token
        self._session = session
        self._breaker = breaker

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a request and return the JSON object ({} for 204). Raises DynamicsError, see `error_of`.

        `path`: below the Web API's root, or a link of an earlier answer. `headers`: beside those that each call has.
        Raises ValueError for a PATCH without a condition: it would make a deleted row again.
        """
        given = dict(headers or {})
        if method == "PATCH" and not (given.get("If-Match") or given.get("If-None-Match")):
            raise ValueError("a PATCH without a condition makes what does not exist")
        self._breaker.require()
        try:
            answer = self._answer(method, self._url(path), params, body, {**_HEADERS, REQUEST_ID: _new_id(), **given})
        except DynamicsError as error:
            self._breaker.record(error if isinstance(error, DynamicsUnavailable) else None)
            raise
        self._breaker.record(None)
        return answer

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of all pages. A link that repeats ends the walk with DynamicsRejected."""
        followed: set[str] = set()
        link = ""
        while True:
            page = self.page(link or path, None if link else params)
            yield from rows_of(page)
            following = page.get("@odata.nextLink")
            if following is None:
                return
            link = str(following)
            if link in followed or len(followed) >= MOST_PAGES:
                raise DynamicsRejected(200)
            followed.add(link)

    def page(self, path: str, params: Mapping[str, str] | None = None, *preferences: str) -> dict[str, Any]:
        """Return one page."""
        prefer = ",".join((f"odata.maxpagesize={PAGE_SIZE}", *preferences))
        return self.call("GET", path, params=params, headers={"Prefer": prefer})

    def _url(self, path: str) -> str:
        """Return the address of a path. Raises DynamicsRejected for a link that leads elsewhere."""
        base = self._base_url() + PATH
        if "://" not in path:
            return base + path
        if urlsplit(path)[:2] != urlsplit(base)[:2] or not urlsplit(path).path.startswith(PATH):
            raise DynamicsRejected(200)
        return path

    def _answer(
        self, method: str, url: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:  # fmt: skip
        response = self._send(method, url, params, body, headers, fresh=False)
        if response.status_code == 401:  # once: the token may have been revoked before it expired
            response = self._send(method, url, params, body, headers, fresh=True)
        if response.status_code == 204:
            return {}
        try:
            content = response.json()
        except ValueError:
            content = None
        if 200 <= response.status_code < 300 and isinstance(content, dict) and "error" not in content:
            return content
        raise error_of(response.status_code, content, response.headers)

    def _send(
        self, method: str, url: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None,
        headers: Mapping[str, str], *, fresh: bool,
    ) -> requests.Response:  # fmt: skip
        from requests import RequestException

        own = {"Authorization": f"Bearer {self._get_token(fresh=fresh)}"}
        limit = (CONNECT_SECONDS, READ_SECONDS)
        try:
            return self._session().request(
                method, url, params=params, json=body, headers={**headers, **own}, timeout=limit, allow_redirects=False
            )
        except RequestException:  # its text may quote the request
            raise DynamicsUnavailable(0) from None


def _new_id() -> str:
    return str(uuid.uuid4())


def rows_of(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a page. Raises DynamicsUnavailable if it has none to read: that is no empty list."""
    rows = page.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DynamicsUnavailable(200)
    return rows
