"""Connections to the partner: to an allowed address, looked up once, without settings from the environment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.http.addresses import is_public
from shared.http.checked_session import checked_session
from shared.http.resolver import Resolver
from shared.partner.webhook import NotDelivered, Webhook
from tests.support.authority import HOST
from tests.support.deliveries import SECRET, Names, deliver, here, refusal
from tests.support.scripted_server import answer, served

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "::1", "127.0.0.1 20.50.2.1", "20.50.2.1 127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(addresses: str) -> None:
    """All addresses of a name have to be public; the error does not show which one is not."""
    session = checked_session(Resolver(is_public, Names(addresses)), roots=None)
    with served(answer("200 OK"), host=HOST) as server:
        text = refusal(server, session)
        assert "address is not public" in text
        assert not any(address in text for address in addresses.split())
        assert server.connections == 0


def test_a_private_ip_address_is_refused_like_a_name() -> None:
    """The resolver is that of this machine."""
    with served(answer("200 OK")) as server:
        assert "address is not public" in refusal(server, checked_session(Resolver(), roots=None))
        assert server.connections == 0


def test_the_checked_address_is_the_address_that_is_called() -> None:
    """A name is looked up once for a connection, so a later change of its address has no effect."""
    names = Names("127.0.0.1", "127.0.0.9")
    session = checked_session(Resolver(here, names), roots=None)
    with served(answer("200 OK", b"", "Connection: close"), host=HOST) as server:
        deliver(server, session)
        assert (names.lookups, server.connections) == ([HOST], 1)
        with pytest.raises(NotDelivered, match="address is not public"):
            deliver(server, session)
        assert (names.lookups, server.connections) == ([HOST, HOST], 1)


def test_the_next_address_is_tried() -> None:
    """A host may have several addresses, and one may not respond."""
    session = checked_session(Resolver(here, Names("127.0.0.2 127.0.0.1")), roots=None)
    with served(answer("200 OK"), host=HOST) as server:  # serves on 127.0.0.1 only
        deliver(server, session)


def test_a_hanging_lookup_is_abandoned() -> None:
    """The operating system may try for half a minute; the worker continues at its deadline."""
    go_on, finished = threading.Event(), threading.Event()

    def lookup(*_: object, **__: object) -> list[Any]:
        go_on.wait(180)
        finished.set()
        return []

    session = checked_session(Resolver(here, lookup), roots=None)
    with served(answer("200 OK"), host=HOST) as server:
        refusal(server, session, 0.2)
    assert not finished.is_set()
    go_on.set()


def unknown(*_: object, **__: object) -> list[Any]:
    """Fail as a resolver does for an unknown name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("host", "lookup"), [(HOST, unknown), (HOST, lambda *_, **__: []), ("a" * 70 + ".example", socket.getaddrinfo)]
)
def test_an_unknown_name_is_no_answer(host: str, lookup: Callable[..., list[Any]]) -> None:
    """A name that no resolver accepts is treated like it."""
    session = checked_session(Resolver(here, lookup), roots=None)
    with pytest.raises(NotDelivered, match="no answer"):
        Webhook(lambda: f"https://{host}/", lambda: SECRET, lambda: "name", lambda: session, 5).deliver("m", "{}")


def test_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, which would look up the name itself, and no password from a .netrc is used."""
    (tmp_path / ".netrc").write_text("default login canary password canary")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with served(answer("200 OK")) as proxy, served(answer("200 OK")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        deliver(server, checked_session(Resolver(here), roots=None))
        assert proxy.connections == 0
    assert "authorization" not in server.headers
