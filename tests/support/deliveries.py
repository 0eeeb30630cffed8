"""Deliveries over the checked session, to hosts that DNS resolves to this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from shared.partner.webhook import NotDelivered, Webhook
from tests.support.scripted_server import Scripted

SECRET = "whsec_" + "A" * 43 + "="


class Names:
    """DNS for tests: each lookup returns the next of the given answers, and the last one repeatedly."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.lookups: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        """Answer a lookup as socket.getaddrinfo does."""
        self.lookups.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, port))
                for one in addresses.split()]  # fmt: skip


def here(address: str) -> bool:
    """Allow the addresses that this machine serves on; 127.0.0.9 stands for a forbidden address."""
    return address != "127.0.0.9"


def deliver(server: Scripted, session: requests.Session, seconds: float = 5) -> None:
    """Make a delivery."""
    Webhook(lambda: server.url, lambda: SECRET, lambda: "name", lambda: session, seconds).deliver("msg_1", "{}")


def refusal(server: Scripted, session: requests.Session, seconds: float = 5) -> str:
    """Return the error text of a delivery that failed before anything was sent."""
    with pytest.raises(NotDelivered) as caught:
        deliver(server, session, seconds)
    assert caught.value.status == 0
    assert server.requests == []
    return str(caught.value)
