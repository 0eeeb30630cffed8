"""Calls to a relay, for the examples beside this file. Needs: pip install requests"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.exceptions import ChunkedEncodingError, ConnectionError, ContentDecodingError, Timeout  # noqa: A004

MOST_TRIES = 5
LONGEST_WAIT = 300  # seconds; a longer Retry-After is for a queue of yours, not for a sleeping program
NO_ANSWER = (ConnectionError, ChunkedEncodingError, ContentDecodingError, Timeout)


class Refused(Exception):
    """An answer that is no success of the relay. Compare `code`; `detail` says what to do; `retry_after` is in seconds.

    An answer without a problem detail, as for a wrong key or of a proxy, has the `code` status_401, status_200 …
    """

    def __init__(self, answer: requests.Response) -> None:
        self.status = answer.status_code
        self.problem = _problem(answer)
        self.code = str(self.problem.get("code") or f"status_{self.status}")
        self.detail = str(self.problem.get("detail") or "the answer says no more")
        self.retry_after = _seconds(answer.headers.get("Retry-After", ""))
        super().__init__(f"{self.status} {self.code}: {self.detail}")

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed later; 502 and 504 without a problem detail are a gateway's."""
        return self.status in (429, 503) or self.code in ("status_502", "status_504")


class Relay:
    """A relay, called with a function key or with a token of Microsoft Entra."""

    def __init__(
        self, url: str, *, key: str = "", token: str = "", timeout: float = 60,
        pause: Callable[[float], Any] = time.sleep,
    ) -> None:  # fmt: skip
        self.base = url.rstrip("/") + ("/api" if key else "/api/entra")
        self.headers = {"x-functions-key": key} if key else {"Authorization": f"Bearer {token}"}
        self.timeout, self.pause = timeout, pause

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the answer's JSON, or None if it has none; `options` are `params` and `headers`.

        Repeats the call when no answer comes, and after 429 and 503, once Retry-After has passed; five tries in all.
        Raises Refused, or after the last try what requests raises.
        """
        for _ in range(MOST_TRIES - 1):
            wait = 5.0
            try:
                return self._call_once(method, path, body, **options)
            except Refused as refused:
                wait = refused.retry_after
                if not refused.may_pass or wait > LONGEST_WAIT:
                    raise
            except NO_ANSWER:
                pass
            self.pause(wait)
        return self._call_once(method, path, body, **options)

    def pages(self, path: str, params: Mapping[str, Any] | None = None, body: Any = None) -> Iterator[Any]:
        """Yield the entries of a list, page after page; with a body, of a query by POST."""
        method = "GET" if body is None else "POST"
        page = self.call(method, path, body, params=params)
        yield from page["value"]
        while link := page.get("nextLink"):
            page = self.call(method, link, body)
            yield from page["value"]

    def _call_once(
        self, method: str, path: str, body: Any, *, params: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        url = path if "://" in path else self.base + path  # a nextLink is a whole address
        sent = {**self.headers, **(headers or {})}
        answer = requests.request(
            method, url, json=body, params=params, headers=sent, timeout=self.timeout, allow_redirects=False
        )
        if not 200 <= answer.status_code < 300:
            raise Refused(answer)
        try:
            return answer.json() if answer.content else None
        except ValueError:  # a page of a proxy, for example
            raise Refused(answer) from None


def _problem(answer: requests.Response) -> dict[str, Any]:
    """Return the problem detail; empty if there is none."""
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _seconds(retry_after: str) -> float:
    """Return how long to wait: Retry-After is a number of seconds or a date; 5 seconds without it."""
    if retry_after.isdecimal():
        return max(1.0, float(retry_after))
    try:
        return max(1.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):  # neither of them
        return 5.0
