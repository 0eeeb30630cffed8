"""Claims about the session to the partner: a verified server at an allowed address, and nothing of the environment."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.addresses import is_public
from shared.egress.resolver import Resolver
from shared.egress.session import checked_session, tls_context
from shared.errors import ConfigurationError
from shared.partner.webhook import NotDelivered, Webhook
from tests.unit.egress import authority
from tests.unit.egress.authority import HOST
from tests.unit.partner.scripted_server import Scripted, answer, served
from tests.unit.partner.slow_servers import dripping_record

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


@pytest.fixture
def session(tmp_path: Path) -> requests.Session:
    """Return a session for which HOST is on this machine."""
    return checked_session(Resolver(here, Names("127.0.0.1")), authority.roots(tmp_path))


def deliver(server: Scripted, session: requests.Session, seconds: float = 5) -> None:
    """Make a delivery."""
    Webhook(server.url, lambda: SECRET, "name", session, seconds).deliver("msg_1", "{}")


def refusal(server: Scripted, session: requests.Session, seconds: float = 5) -> str:
    """Return the text with which a delivery failed before anything was sent."""
    with pytest.raises(NotDelivered) as caught:
        deliver(server, session, seconds)
    assert caught.value.status == 0
    assert server.requests == []
    return str(caught.value)


def test_the_server_is_asked_for_by_its_name(session: requests.Session) -> None:
    """The way leads to the address that was found; SNI, certificate and Host stay with the name."""
    names: list[str | None] = []
    tls = authority.good()
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    with served(answer("200 OK"), tls, HOST) as server:
        deliver(server, session)
    assert names == [HOST]
    assert server.headers["host"].startswith(f"{HOST}:")


BAD: dict[str, tuple[Callable[[], ssl.SSLContext], str]] = {
    "expired": (authority.expired, "certificate has expired"),
    "not yet valid": (authority.not_yet_valid, "certificate is not yet valid"),
    "of another name": (authority.of_another_name, "Hostname mismatch"),
    "of an unknown authority": (authority.of_nobody, "unable to get local issuer certificate"),
}


@pytest.mark.parametrize("kind", BAD)
def test_nothing_is_sent_to_a_server_that_cannot_show_who_it_is(kind: str, session: requests.Session) -> None:
    """And the text tells an administrator what is wrong with the certificate."""
    tls, reason = BAD[kind]
    with served(answer("200 OK"), tls(), HOST) as server:
        assert reason in refusal(server, session)


def test_nobody_can_switch_the_verification_off(session: requests.Session) -> None:
    """The usual ways of requests do nothing here."""
    session.verify, session.proxies = False, {"https": "http://127.0.0.1:1"}
    with served(answer("200 OK"), authority.of_nobody(), HOST) as server:
        assert "certificate" in refusal(server, session)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(version: ssl.TLSVersion, session: requests.Session) -> None:
    """Even by a client that OpenSSL's configuration would let speak it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls = authority.only(version)
    with served(answer("200 OK"), tls, HOST) as server:
        refusal(server, session)


def test_the_least_version_is_said_by_us() -> None:
    """Not left to the defaults of a Python version or a machine."""
    assert tls_context(None).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_two_current_versions_are_spoken(version: ssl.TLSVersion, session: requests.Session) -> None:
    """1.2 is still common."""
    with served(answer("200 OK"), authority.only(version), HOST) as server:
        deliver(server, session)


def test_a_connection_over_tls_is_used_again(session: requests.Session) -> None:
    """One handshake and one lookup for many deliveries."""
    with served(answer("200 OK", b"thanks"), authority.good(), HOST, reads="many requests") as server:
        for _ in range(3):
            deliver(server, session)
        assert (server.connections, len(server.requests)) == (1, 3)


def test_a_record_that_drips_is_cut(session: requests.Session) -> None:
    """Within TLS, too: no byte of the answer can be read before its record is complete."""
    with dripping_record(authority.good(), HOST) as server, pytest.raises(NotDelivered) as caught:
        deliver(server, session, 0.5)
    assert caught.value.status == 0


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "::1", "127.0.0.1 20.50.2.1", "20.50.2.1 127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(addresses: str) -> None:
    """As soon as one of them is not, since nobody knows which one would answer; the text does not tell which."""
    session = checked_session(Resolver(is_public, Names(addresses)), roots=None)
    with served(answer("200 OK"), host=HOST) as server:
        text = refusal(server, session)
        assert "address is not public" in text
        assert not any(one in text for one in addresses.split())
        assert server.connections == 0


def test_the_figures_of_a_private_address_are_refused_like_its_name() -> None:
    """With the resolver of this machine."""
    with served(answer("200 OK")) as server:
        assert "address is not public" in refusal(server, checked_session(Resolver(), roots=None))
        assert server.connections == 0


def test_what_was_checked_is_what_is_called() -> None:
    """A name that leads elsewhere a moment later gains nothing: it is looked up once for a connection."""
    names = Names("127.0.0.1", "127.0.0.9")
    session = checked_session(Resolver(here, names), roots=None)
    with served(answer("200 OK", b"", "Connection: close"), host=HOST) as server:
        deliver(server, session)
        assert (names.asked, server.connections) == ([HOST], 1)
        with pytest.raises(NotDelivered, match="address is not public"):
            deliver(server, session)
        assert (names.asked, server.connections) == ([HOST, HOST], 1)


def test_the_next_address_is_tried() -> None:
    """Where a host has several, one may be out of order."""
    session = checked_session(Resolver(here, Names("127.0.0.2 127.0.0.1")), roots=None)
    with served(answer("200 OK"), host=HOST) as server:  # serves on 127.0.0.1 only
        deliver(server, session)


def test_a_lookup_that_hangs_is_left_behind() -> None:
    """The operating system may try for half a minute; the worker goes on at its deadline."""
    go_on = threading.Event()

    def lookup(*_: object, **__: object) -> list[Any]:
        go_on.wait(5)
        return []

    session = checked_session(Resolver(here, lookup), roots=None)
    began = time.monotonic()
    with served(answer("200 OK"), host=HOST) as server:
        refusal(server, session, 0.2)
    assert time.monotonic() - began < 0.5
    go_on.set()


def unknown(*_: object, **__: object) -> list[Any]:
    """Answer a lookup as a resolver does that knows no such name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("host", "lookup"), [(HOST, unknown), (HOST, lambda *_, **__: []), ("a" * 70 + ".example", socket.getaddrinfo)]
)
def test_a_name_that_nobody_knows_is_no_answer(host: str, lookup: Callable[..., list[Any]]) -> None:
    """Neither is one that no resolver takes."""
    session = checked_session(Resolver(here, lookup), roots=None)
    with pytest.raises(NotDelivered, match="no answer"):
        Webhook(f"https://{host}/", lambda: SECRET, "name", session, 5).deliver("m", "{}")


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, which would look the name up by itself, and no password from a .netrc."""
    (tmp_path / ".netrc").write_text("default login canary password canary")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with served(answer("200 OK")) as proxy, served(answer("200 OK")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        deliver(server, checked_session(Resolver(here), roots=None))
        assert proxy.connections == 0
    assert "authorization" not in server.headers


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_unusable_roots_name_their_setting(content: bytes | None, tmp_path: Path) -> None:
    """Missing, empty or something else."""
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        checked_session(Resolver(), str(path))


def test_roots_may_be_a_folder(tmp_path: Path) -> None:
    """As OpenSSL keeps them."""
    assert tls_context(str(tmp_path)).verify_mode == ssl.CERT_REQUIRED
