"""Azure Resource Manager, called with azd's sign-in. Only reads: each POST here asks a question.

References: "Azure Developer CLI reference" (azd auth token); "Azure REST API reference" (components of a request).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tools.deployment.values import AGENT, Stop, Unanswered, address, env

LIMIT = 15.0  # seconds for an answer
AZD_LIMIT = 60.0  # seconds for azd to get a token


class NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: urllib would send the token along to any host."""

    def http_error_302(self, *_: Any) -> None:
        """Do nothing, so that the redirect itself is the answer, even one to no address."""

    http_error_301: Any = http_error_302
    http_error_303: Any = http_error_302
    http_error_307: Any = http_error_302
    http_error_308: Any = http_error_302


class Arm:
    """Azure Resource Manager at the address in AZURE_RESOURCE_MANAGER_URL, by default that of the public cloud."""

    def __init__(self) -> None:
        self.base = address("AZURE_RESOURCE_MANAGER_URL", "https://management.azure.com")
        self._opener = build_opener(NoRedirect)  # with the proxies of the environment
        self._token = ""
        self._silent = "azd has not signed in"  # why there is no answer to anything

    def sign_in(self) -> None:
        """Take a token from azd. Raises Stop if azd has none, Unanswered without azd."""
        azd = shutil.which("azd")
        if azd is None:
            self._silent = "azd is not installed"
            raise Unanswered(self._silent)
        tenant = f"--tenant-id {env('AZURE_TENANT_ID')}".split() if env("AZURE_TENANT_ID") else []
        command = [azd, "auth", "token", "--output", "json", "--no-prompt", *tenant]
        try:
            done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=AZD_LIMIT, check=True)
            self._token, self._silent = str(json.loads(done.stdout)["token"]), ""
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
            raise Stop(" ".join(["azd has no token for Azure. Run: azd auth login", *tenant])) from None

    def call(self, path: str, body: Any = None) -> Any:
        """Return the answer to a GET, or to a POST of `body`. Raises Unanswered for a refusal and without an answer.

        Once the server could not be reached, no further call is tried: each would wait as long.
        """
        if self._silent:
            raise Unanswered(self._silent)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", "User-Agent": AGENT}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.base + path, data, headers)  # noqa: S310  (`address` admits https and loopback only)
        try:
            with self._opener.open(request, timeout=LIMIT) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise Unanswered(f"Azure Resource Manager answers {error.code} {_code(error)}".rstrip()) from None
        except ValueError:
            raise Unanswered("Azure Resource Manager answers without JSON") from None
        except (OSError, HTTPException) as error:
            self._silent = f"Azure Resource Manager cannot be reached: {error}"
            raise Unanswered(self._silent) from None

    def pages(self, path: str) -> list[Any]:
        """Return the items of all pages of a list. Raises Unanswered, also for a next page at another address."""
        page = self.call(path)
        items = list(page["value"])
        while page.get("nextLink"):
            page = self.call(self._path(page["nextLink"]))
            items += page["value"]
        return items

    def _path(self, link: str) -> str:
        """Return the path of a next page. Azure Resource Manager also writes its own port: management.azure.com:443."""
        own, next_page = urlsplit(self.base), urlsplit(link)
        if (own.scheme, own.hostname, own.port or 443) != (next_page.scheme, next_page.hostname, next_page.port or 443):
            raise Unanswered("the list goes on at another address")
        return link.partition(next_page.netloc)[2].removeprefix(own.path)


def subscription() -> str:
    """Return the path of the subscription. Raises Unanswered if it is not set: azd asks for it after the first hook."""
    return f"/subscriptions/{quote(required('AZURE_SUBSCRIPTION_ID'), safe='')}"


def group() -> str:
    """Return the path of the resource group. Raises Unanswered if it is not set, as above."""
    return f"{subscription()}/resourceGroups/{quote(required('AZURE_RESOURCE_GROUP'), safe='')}"


def required(name: str) -> str:
    """Return a value. Raises Unanswered if it is not set, as above."""
    if not env(name):
        raise Unanswered(f"{name} is not set yet")
    return env(name)


def _code(error: HTTPError) -> str:
    """Return the code in an error's body, empty if it has none, or does not arrive."""
    try:
        code = re.search(r'"code"\s*:\s*"(\w+)"', error.read(4096).decode(errors="replace"))
    except (OSError, HTTPException):
        return ""
    return code[1] if code else ""
