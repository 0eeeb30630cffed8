"""The relay's HTTP API as the commands use it: paging, waiting when it says so, and its problem details."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from urllib3.exceptions import HTTPError

from relay_admin.errors import Refused, Unreachable, UsageError

if TYPE_CHECKING:
    from relay_admin.sign_in import ByKey, ByToken

TIMEOUT = (10.0, 230.0)  # seconds: to connect, and for an answer, which Azure's load balancer cuts off at 230
PAGE_SIZE = 1000
MAX_RETRY_AFTER = 90.0  # that a 429 may ask for
HANDSHAKES = ("/api/notifications", "/api/lifecycle")


class RelayClient:
    """A deployed relay at `url`. Every call raises Refused, or Unreachable."""

    def __init__(self, url: str, auth: ByKey | ByToken, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = _checked(url)
        self._auth = auth
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "calendar-relay-admin"

    def call(
        self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None, *, accept: int = 0
    ) -> Any:
        """Return the JSON object that is answered, None for a 204; `accept` is a status that answers with one, too.

        Raises Unreachable, too, when a name is read in it that is not there: somebody else answers.
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
        """Yield the items of all pages. Of a nextLink only the parameters count: the address stays the one given."""
        query: dict[str, str] | None = {"pageSize": str(PAGE_SIZE), **params}
        while query:
            page = self.call("GET", path, params=query)
            yield from page["value"]
            link = page.get("nextLink")
            query = dict(parse_qsl(urlsplit(link).query)) if link else None

    def handshake_error(self, path: str) -> str:
        """Return what is wrong with the relay's answer to Graph's handshake, as seen from here; nothing if right."""
        token = f"admin {secrets.token_urlsafe(12)}"
        try:
            response = self._send("POST", path, params={"validationToken": token})
        except Unreachable as error:
            return error.title
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if (response.status_code, media_type, response.text) == (200, "text/plain", token):
            return ""
        return f"answers {response.status_code} {media_type}, and not 200 text/plain with the token"

    def _send(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            return self._session.request(method, self.url + path, timeout=TIMEOUT, allow_redirects=False, **arguments)
        except (OSError, HTTPError) as error:  # requests' own, certificates that are not there, a proxy that is none
            raise _unreachable(self.url, type(error).__name__) from None


def _checked(url: str) -> str:
    """Return the relay's address. Raises UsageError: a key or token goes over https alone, but on this computer."""
    invalid = UsageError(
        "The address is none", "Give the app's address: --url https://YOUR-APP.azurewebsites.net, or RELAY_URL."
    )
    try:
        parts = urlsplit(url.strip())
        is_valid = parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # brackets, a port or a name that none can have
        raise invalid from None
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not is_valid or not (parts.scheme == "https" or local) or parts.username or parts.password:
        raise invalid
    return f"{parts.scheme}://{parts.netloc}"


def _is_host(name: str) -> bool:
    """Return whether a host can have the name. Raises ValueError for one that no name server takes."""
    return bool(name.encode("idna")) and not set(name) & set(" %\\")


class _Document(dict[str, Any]):
    """A JSON object of the relay's, in which every name that is read has to be."""

    def __missing__(self, name: str) -> Any:
        raise _another_server()


def _json(response: requests.Response) -> _Document:
    """Return the JSON object that was answered. Raises Unreachable for anything else."""
    try:
        content = response.json(object_hook=_Document)
    except ValueError:
        raise _another_server() from None
    if not isinstance(content, _Document):
        raise _another_server()
    return content


def _another_server() -> Unreachable:
    return Unreachable("Something else than the relay answers", "Check the address: --url or RELAY_URL.")


def _is_problem(response: requests.Response) -> bool:
    return response.headers.get("content-type", "").startswith("application/problem+json")


def _refusal(response: requests.Response) -> Refused | Unreachable:
    """Return what an answer that is no success means; the relay's own words if it has any."""
    if _is_problem(response):
        problem = _json(response)
        title, detail = str(problem.get("title", "Refused")), str(problem.get("detail", ""))
        return Refused(title, detail, response.status_code)
    if response.status_code == 401:
        text = "The app knows no such key. Take the master key (az functionapp keys list) for what IT alone may do."
        return Refused("Not let in", text, 401)
    return Unreachable(
        f"No relay answers ({response.status_code})", "See that the address is the app's, and that the app is started.",
        response.status_code,
    )  # fmt: skip


def _unreachable(url: str, kind: str) -> Unreachable:
    return Unreachable(
        f"{url} does not answer ({kind})",
        "See that the app is started, and that this computer can reach it: name, network, proxy (HTTPS_PROXY), "
        "certificates (REQUESTS_CA_BUNDLE).",
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
