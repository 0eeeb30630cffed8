"""The relay's HTTP API as the commands use it: paging, waiting when it says so, and its problem details."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from urllib3.exceptions import HTTPError

from relay_admin.errors import Misused, NotReached, Refused

if TYPE_CHECKING:
    from relay_admin.sign_in import ByKey, ByToken

LIMIT = (10.0, 230.0)  # seconds: to connect, and for an answer, which Azure's load balancer cuts off at 230
PAGE = 1000
LONGEST_WAIT = 90.0  # that a 429 may ask for
HANDSHAKES = ("/api/notifications", "/api/lifecycle")


class Relay:
    """A deployed relay at `url`. Every call raises Refused, or NotReached."""

    def __init__(self, url: str, auth: ByKey | ByToken, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = _checked(url)
        self._auth = auth
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "calendar-relay-admin"

    def call(
        self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None, *, fine: int = 0
    ) -> Any:
        """Return the JSON object that is answered, None for a 204; `fine` is a status that answers with one, too.

        Raises NotReached, too, when a name is read in it that is not there: somebody else answers.
        """
        while True:
            answer = self._send(method, f"/api{self._auth.door}{path}", json=body, params=params, auth=self._auth)
            wait = _seconds(answer.headers.get("Retry-After"))
            if answer.status_code != 429 or wait is None or wait > LONGEST_WAIT:
                break
            self._sleep(wait)
        well = 200 <= answer.status_code < 300 or (answer.status_code == fine and not _is_problem(answer))
        if not well:
            raise _refusal(answer)
        return None if answer.status_code == 204 else _json(answer)

    def pages(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. Of a nextLink only the parameters count: the address stays the one given."""
        asked: dict[str, str] | None = {"pageSize": str(PAGE), **params}
        while asked:
            page = self.call("GET", path, params=asked)
            yield from page["value"]
            link = page.get("nextLink")
            asked = dict(parse_qsl(urlsplit(link).query)) if link else None

    def handshake(self, path: str) -> str:
        """Return what is wrong with the relay's answer to Graph's handshake, as seen from here; nothing if right."""
        token = f"admin {secrets.token_urlsafe(12)}"
        try:
            answer = self._send("POST", path, params={"validationToken": token})
        except NotReached as error:
            return error.title
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if (answer.status_code, kind, answer.text) == (200, "text/plain", token):
            return ""
        return f"answers {answer.status_code} {kind}, and not 200 text/plain with the token"

    def _send(self, method: str, path: str, **given: Any) -> requests.Response:
        try:
            return self._session.request(method, self.url + path, timeout=LIMIT, allow_redirects=False, **given)
        except (OSError, HTTPError) as error:  # requests' own, certificates that are not there, a proxy that is none
            raise _not_reached(self.url, type(error).__name__) from None


def _checked(url: str) -> str:
    """Return the relay's address. Raises Misused: a key or token goes over https alone, but on this computer."""
    none = Misused(
        "The address is none", "Give the app's address: --url https://YOUR-APP.azurewebsites.net, or RELAY_URL."
    )
    try:
        parts = urlsplit(url.strip())
        sound = parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # brackets, a port or a name that none can have
        raise none from None
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not sound or not (parts.scheme == "https" or local) or parts.username or parts.password:
        raise none
    return f"{parts.scheme}://{parts.netloc}"


def _is_host(name: str) -> bool:
    """Return whether a host can have the name. Raises ValueError for one that no name server takes."""
    return bool(name.encode("idna")) and not set(name) & set(" %\\")


class _Told(dict[str, Any]):
    """A JSON object of the relay's, in which every name that is read has to be."""

    def __missing__(self, name: str) -> Any:
        raise _somebody_else()


def _json(answer: requests.Response) -> _Told:
    """Return the JSON object that was answered. Raises NotReached for anything else."""
    try:
        content = answer.json(object_hook=_Told)
    except ValueError:
        raise _somebody_else() from None
    if not isinstance(content, _Told):
        raise _somebody_else()
    return content


def _somebody_else() -> NotReached:
    return NotReached("Something else than the relay answers", "Check the address: --url or RELAY_URL.")


def _is_problem(answer: requests.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/problem+json")


def _refusal(answer: requests.Response) -> Refused | NotReached:
    """Return what an answer that is no success means; the relay's own words if it has any."""
    if _is_problem(answer):
        problem = _json(answer)
        title, detail = str(problem.get("title", "Refused")), str(problem.get("detail", ""))
        return Refused(title, detail, answer.status_code)
    if answer.status_code == 401:
        text = "The app knows no such key. Take the master key (az functionapp keys list) for what IT alone may do."
        return Refused("Not let in", text, 401)
    return NotReached(
        f"No relay answers ({answer.status_code})", "See that the address is the app's, and that the app is started.",
        answer.status_code,
    )  # fmt: skip


def _not_reached(url: str, kind: str) -> NotReached:
    return NotReached(
        f"{url} does not answer ({kind})",
        "See that the app is started, and that this computer can reach it: name, network, proxy (HTTPS_PROXY), "
        "certificates (REQUESTS_CA_BUNDLE).",
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
