"""A session with the Web API of an environment, with the administrator's own sign-in.

Pages: "Compose HTTP requests and handle errors", "Service protection API limits". An administrator's few calls are not
repeated: a 429 is shown with its wait.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import HTTPError

from relay_admin.client import USER_AGENT
from relay_admin.errors import Refused, Unreachable

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from relay_admin.dynamics.steps import Step

PATH = "/api/data/v9.2/"
TIMEOUT = (10.0, 120.0)  # seconds to connect and to read; a change of metadata takes long
_HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0", "User-Agent": USER_AGENT}
_CODE = re.compile(r"0x[0-9a-fA-F]{8}")
_RIGHT = re.compile(r"\bprv[A-Za-z]{3,80}\b")
_TRY_AGAIN = "Check the address (--environment), the network and the proxy (HTTPS_PROXY), then run the command again."


class DynamicsSession:
    """The Web API at `url`. Each call raises Refused or Unreachable."""

    def __init__(self, url: str, auth: AuthBase, *, session: requests.Session | None = None) -> None:
        self.url = url.rstrip("/")
        self._auth = auth
        self._session = requests.Session() if session is None else session

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object; None for a 404 that names a missing row or table."""
        response = self._send("GET", path, None, {})
        error = _error(response)
        if response.status_code == 404 and error is not None:
            return None
        return self._object(response)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows of a list of one page. Raises Unreachable if there are more, since not all would be known."""
        page = self._object(self._send("GET", path, None, {}))
        rows = page.get("value")
        if not isinstance(rows, list) or "@odata.nextLink" in page:
            raise _unreadable()
        return rows

    def make(self, step: Step) -> None:
        """Make a change."""
        self._object(self._send(step.method, step.path, step.body, dict(step.headers)))

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
        try:
            return self._session.request(
                method, f"{self.url}{PATH}{path}", json=body, headers=_HEADERS | headers, timeout=TIMEOUT,
                allow_redirects=False, auth=self._auth,
            )  # fmt: skip
        except (OSError, HTTPError) as error:
            raise Unreachable(f"{self.url} does not answer ({type(error).__name__})", _TRY_AGAIN) from None

    def _object(self, response: requests.Response) -> dict[str, Any]:
        if response.status_code == 204:
            return {}
        if 200 <= response.status_code < 300:
            content = _json(response)
            if content is None:
                raise _unreadable()
            return content
        raise _refusal(response)


def _json(response: requests.Response) -> dict[str, Any] | None:
    try:
        content = response.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _error(response: requests.Response) -> dict[str, Any] | None:
    error = (_json(response) or {}).get("error")
    return error if isinstance(error, dict) else None


def _refusal(response: requests.Response) -> Refused | Unreachable:
    """Return the error of a failed response: its code and the missing privilege, never its text."""
    status, error = response.status_code, _error(response) or {}
    if status == 429 or status >= 500:
        wait = response.headers.get("Retry-After", "60")
        return Unreachable(f"Dataverse does not answer now ({status})", f"Try again in {wait} seconds.", status)
    code = _CODE.search(str(error.get("code", "")))
    right = _RIGHT.search(str(error.get("message", "")))
    title = f"Dataverse refuses the call ({status}{f', {code.group()}' if code else ''})"
    if right:
        return Refused(title, f"Your user lacks {right.group()}: sign in as a System Administrator.", status)
    if status == 401:
        scope = f"{response.url.partition('/api/')[0]}/.default"
        return Refused(title, f"Sign in for this environment: az login --scope {scope}", status)
    return Refused(title, "Sign in as a System Administrator of the environment, and check its address.", status)


def _unreadable() -> Unreachable:
    return Unreachable("The answer is not one of Dataverse's Web API", _TRY_AGAIN)
