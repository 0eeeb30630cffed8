"""Deliveries over the checked session, to hosts that DNS places on this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from shared.partner.webhook import NotDelivered, Webhook
from tests.support.scripted_server import Scripted

SECRET = "whsec_" + "A" * 43 + "="


class Names:
    """DNS as the tests want it: each lookup gives the next of the given answers, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        """Answer a lookup as socket.getaddrinfo does."""
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, port))
                for one in addresses.split()]  # fmt: skip


def here(address: str) -> bool:
    """Allow what this machine can serve on, and 127.0.0.9 stands for what may not be called."""
    return address != "127.0.0.9"


def deliver(server: Scripted, session: requests.Session, seconds: float = 5) -> None:
    """Make a delivery."""
    Webhook(lambda: server.url, lambda: SECRET, lambda: "name", lambda: session, seconds).deliver("msg_1", "{}")


def refusal(server: Scripted, session: requests.Session, seconds: float = 5) -> str:
    """Return the text with which a delivery failed before anything was sent."""
    with pytest.raises(NotDelivered) as caught:
        deliver(server, session, seconds)
    assert caught.value.status == 0
    assert server.requests == []
    return str(caught.value)
