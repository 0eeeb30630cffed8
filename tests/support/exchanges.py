"""Single exchanges with a server of the tests, and their results."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from shared.http.checked_session import checked_session
from shared.http.resolver import Resolver
from shared.partner.webhook import NotDelivered, Webhook
from tests.support.scripted_server import Script, Scripted, served

SECRET = "whsec_" + "A" * 43 + "="
SESSION = checked_session(Resolver(allowed=lambda _: True), roots=None)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def webhook(server: Scripted, seconds: float = 5) -> Webhook:
    """Return the endpoint at a server."""
    return Webhook(lambda: server.url, lambda: SECRET, lambda: "name", lambda: SESSION, seconds)


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def refused(endpoint: Webhook) -> NotDelivered:
    """Return the error of a failed delivery."""
    with pytest.raises(NotDelivered) as caught:
        endpoint.deliver("msg_1", "{}")
    return caught.value


def delivered(script: Script) -> float:
    """Make a delivery that must succeed, and return how long it took."""
    with served(script) as server:
        return seconds_of(lambda: webhook(server, 60).deliver("msg_1", "{}"))
