"""A client for the relay's HTTP API, with paging, Retry-After and problem details."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from urllib3.exceptions import HTTPError

from relay_admin.errors import Refused, Unreachable, UsageError
from relay_admin.version import VERSION

if TYPE_CHECKING:
    from relay_admin.sign_in import ByKey, ByToken

USER_AGENT = f"calendar-relay-admin/{VERSION}"
TIMEOUT = (10.0, 230.0)  # seconds to connect and to read; Azure's load balancer ends a request after 230
PAGE_SIZE = 1000
MAX_RETRY_AFTER = 90.0  # of a 429; a longer wait is an error
HANDSHAKES = ("/api/notifications", "/api/lifecycle")


class RelayClient:
    """A deployed relay at `url`. Every call raises Refused or Unreachable."""

    def __init__(self, url: str, auth: ByKey | ByToken, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = checked(url)
        self._auth = auth
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def call(
        self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None, *, accept: int = 0
    ) -> Any:
        """Return the JSON object of the response, None for a 204. `accept` is an error status to treat as success.

        Reading a missing name of the returned object raises Unreachable: the server is not a relay.
        """
        while True:
            response = self._send(
                method, f"/api{self._auth.path_prefix}{path}", json=body, params=params, auth=self._auth
            )
            retry_after = _seconds(response.headers.get("Retry-After"))
            if response.status_code != 429 or retry_after is None or retry_after > MAX_RETRY_AFTER:
                break
            self._sleep(retry_after)
        succeeded = 200 <= response.status_code < 300 or (response.status_code == accept and not _is_problem(response))
        if not succeeded:
            raise _refusal(response)
        return None if response.status_code == 204 else _json(response)

    def pages(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. Uses only the parameters of a nextLink; the address stays as configured."""
        query: dict[str, str] | None = {"pageSize": str(PAGE_SIZE), **params}
        while query:
            page = self.call("GET", path, params=query)
            yield from page["value"]
            link = page.get("nextLink")
            query = dict(parse_qsl(urlsplit(link).query)) if link else None

    def public(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object of a route that needs no sign-in; an empty object for other content."""
        response = self._send("GET", f"/api{path}")
        try:
            content = response.json()
        except ValueError:
            content = {}
        return response.status_code, content if isinstance(content, dict) else {}

    def handshake_error(self, path: str) -> str:
        """Call a route with Graph's handshake. Return what is wrong with the response, empty if correct."""
        token = f"admin {secrets.token_urlsafe(12)}"
        try:
            response = self._send("POST", path, params={"validationToken": token})
        except Unreachable as error:
            return error.title
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if (response.status_code, media_type, response.text) == (200, "text/plain", token):
            return ""
        return f"answers {response.status_code} {media_type} instead of 200 text/plain with the token"

    def _send(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            return self._session.request(method, self.url + path, timeout=TIMEOUT, allow_redirects=False, **arguments)
        except (OSError, HTTPError) as error:  # from requests, or for missing certificates or an invalid proxy
            raise _unreachable(self.url, type(error).__name__) from None


def checked(url: str) -> str:
    """Return the relay's address. Raises UsageError if invalid or without https, except on this computer."""
    invalid = UsageError(
        "The address is invalid", "Give the app's address: --url https://YOUR-APP.azurewebsites.net, or RELAY_URL."
    )
    try:
        parts = urlsplit(url.strip())
        is_valid = parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # invalid brackets, port or name
        raise invalid from None
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not is_valid or not (parts.scheme == "https" or local) or parts.username or parts.password:
        raise invalid
    return f"{parts.scheme}://{parts.netloc}"


def _is_host(name: str) -> bool:
    """Return whether a host name is valid. Raises ValueError if it cannot be encoded for DNS."""
    return bool(name.encode("idna")) and not set(name) & set(" %\\")


class _Document(dict[str, Any]):
    """A JSON object from the relay. Reading a missing name raises Unreachable."""

    def __missing__(self, name: str) -> Any:
        raise _another_server()


def _json(response: requests.Response) -> _Document:
    """Return the JSON object of a response. Raises Unreachable for anything else."""
    try:
        content = response.json(object_hook=_Document)
    except ValueError:
        raise _another_server() from None
    if not isinstance(content, _Document):
        raise _another_server()
    return content


def _another_server() -> Unreachable:
    return Unreachable("The server at this address is not a relay", "Check the address: --url or RELAY_URL.")


def _is_problem(response: requests.Response) -> bool:
    return response.headers.get("content-type", "").startswith("application/problem+json")


def _refusal(response: requests.Response) -> Refused | Unreachable:
    """Return the error for a failed response, from the relay's problem details if there are any."""
    if _is_problem(response):
        problem = _json(response)
        title, detail = str(problem.get("title", "Refused")), str(problem.get("detail", ""))
        return Refused(title, detail, response.status_code)
    if response.status_code == 401:
        text = "The key is unknown. Commands for administrators need the master key (az functionapp keys list)."
        return Refused("Not authenticated", text, 401)
    return Unreachable(
        f"No relay at this address ({response.status_code})",
        "Check that the address is the app's, and that the app is running and has the command line's version.",
        response.status_code,
    )


def _unreachable(url: str, kind: str) -> Unreachable:
    return Unreachable(
        f"{url} does not answer ({kind})",
        "Check that the app is running, and that this computer can reach it: name, network, proxy (HTTPS_PROXY), "
        "certificates (REQUESTS_CA_BUNDLE).",
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
