"""The routes of a deployed app, called from this computer without a key.

Reference: "Microsoft Graph: Receive change notifications through webhooks" (notificationUrl validation): a POST with
`?validationToken=` has to be answered with 200, text/plain and the decoded token. Graph follows no redirect.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException
from threading import Thread
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, build_opener

from tools.deployment.arm import NoRedirect
from tools.deployment.values import AGENT, scheme_and_host

TOKEN = "Validation: 100% + a/b?c=d&e ü"  # noqa: S105  (no secret: like Graph's tokens, with characters that a URL encodes)
GRAPH_SECONDS = 3.0  # a new subscription needs the handshake in ten; warm, it takes far less
OTHER_SECONDS = 5.0
LARGEST_BODY = 4096
SILENT = "no answer within"  # the beginning of an answer that did not come
REDIRECTS = (301, 302, 303, 307, 308)
OPENER = build_opener(NoRedirect)  # with the proxies of the environment


class Answer(NamedTuple):
    """What a route answered. `refusal` is a key of REFUSALS when waiting does not help."""

    text: str
    ok: bool = False
    refusal: str = ""


class Response(NamedTuple):
    """A response: its status, content type without parameters, and the beginning of its body."""

    status: int
    kind: str
    body: bytes


Reader = Callable[[Response], Answer]
REFUSALS = {
    "401": "App Service authentication is on. Switch it off: Graph cannot sign in, and the relay checks callers.",
    "403": "The app is stopped, or an access restriction or private endpoint blocks this computer.",
    "redirect": "RELAY_URL has to be the app's own https address. Graph follows no redirect.",
    "certificate": "Graph would refuse it, too. If a proxy here replaces certificates, set SSL_CERT_FILE.",
    "name": "Check RELAY_URL (azd env get-value RELAY_URL) and the name resolution of this computer.",
}


def handshake(response: Response) -> Answer:
    """Judge the response to a handshake."""
    if (response.status, response.kind, response.body) == (200, "text/plain", TOKEN.encode()):
        return Answer("200, the handshake is right", ok=True)
    if response.status != 200:
        return Answer(str(response.status))
    return Answer(f"200 with {'another body' if response.kind == 'text/plain' else response.kind or 'no content type'}")


def health(response: Response) -> Answer:
    """Judge the response of GET /api/health."""
    status = _field(response, "status")
    return Answer(f"{response.status} {status or ''}".rstrip(), ok=(response.status, status) == (200, "up"))


def version(expected: str) -> Reader:
    """Return the judgement of GET /api/version: which package runs; any, if `expected` is empty."""

    def judge(response: Response) -> Answer:
        package = _field(response, "package")
        if response.status != 200 or not package:
            return Answer(f"{response.status}, no package")
        if package != expected and expected:
            return Answer(f"package {package}, not yet {expected}")
        return Answer(f"package {package}{'' if expected else ', not compared'}", ok=True)

    return judge


def answers(url: str, expected: str, limit: float) -> dict[str, Answer]:
    """Call all routes at once, for at most `limit` seconds; return the answers by path.

    Each call has a thread, because urllib limits neither the resolution of a name nor a body that trickles in.
    """
    query = f"?validationToken={quote(TOKEN, safe='')}"
    calls: dict[str, tuple[str, Reader, float]] = {
        "/api/notifications": (query, handshake, GRAPH_SECONDS),
        "/api/lifecycle": (query, handshake, GRAPH_SECONDS),
        "/api/health": ("", health, OTHER_SECONDS),
        "/api/version": ("", version(expected), OTHER_SECONDS),
    }
    results: dict[str, Answer] = {}

    def run(path: str, query: str, read: Reader, seconds: float) -> None:
        results[path] = _answer(f"{url}{path}{query}", read, seconds, data=b"" if query else None)

    start = time.monotonic()
    threads = []
    for path, (query, read, most) in calls.items():
        seconds = min(most, limit)
        thread = Thread(target=run, args=(path, query, read, seconds), daemon=True)
        thread.start()
        threads.append((path, thread, seconds))
    in_time = {}
    for path, thread, seconds in threads:
        thread.join(max(0.0, start + seconds - time.monotonic()))  # all calls began together
        in_time[path] = results.get(path, Answer(f"{SILENT} {seconds:.3g} s"))
    return in_time


def _answer(url: str, read: Reader, seconds: float, data: bytes | None) -> Answer:
    """Return the answer to a GET, or to a POST of `data`."""
    headers = {"User-Agent": AGENT, "Content-Type": "text/plain; charset=utf-8"}
    request = Request(url, data, headers)  # noqa: S310  (`address` admits https and loopback only)
    try:
        try:
            raw = OPENER.open(request, timeout=seconds)
        except HTTPError as error:
            raw = error  # an answer, too
        with raw:
            if raw.status in REDIRECTS:
                return Answer(f"{raw.status} to {_host(raw.headers.get('Location', ''))}", refusal="redirect")
            if raw.status in (401, 403):
                return Answer(str(raw.status), refusal=str(raw.status))
            kind = raw.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return read(Response(raw.status, kind, raw.read(LARGEST_BODY)))
    except (OSError, HTTPException, ValueError) as error:  # ValueError: such as for a host that has no encoding
        return _failure(getattr(error, "reason", error), seconds)


def _host(location: str) -> str:
    """Return where a redirect leads, without the query, which may hold somebody's sign-in."""
    return scheme_and_host(location)[1] or "another path"


def _failure(reason: object, seconds: float) -> Answer:
    """Return the answer for a connection that failed."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Answer(f"certificate refused: {reason.verify_message}", refusal="certificate")
    if isinstance(reason, socket.gaierror):
        return Answer("no such name", refusal="name")
    if isinstance(reason, TimeoutError):
        return Answer(f"{SILENT} {seconds:.3g} s")
    return Answer(f"no connection: {reason}")


def _field(response: Response, name: str) -> str:
    """Return a text of a JSON body, empty if there is none."""
    try:
        value = json.loads(response.body).get(name)
    except (ValueError, AttributeError):
        return ""
    return value if isinstance(value, str) else ""
