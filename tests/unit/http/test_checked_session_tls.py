"""TLS to the partner: current versions, a verified certificate, the host's name, and the deadline."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from shared.errors import ConfigurationError
from shared.http.checked_session import checked_session, tls_context
from shared.http.connection import connect
from shared.http.deadline import within
from shared.http.resolver import Resolver
from shared.partner.webhook import NotDelivered, Webhook
from tests.support import authority
from tests.support.authority import HOST
from tests.support.deliveries import SECRET, deliver, refusal
from tests.support.scripted_server import answer, served
from tests.support.slow_servers import dripping_record, reading_slowly

pytestmark = pytest.mark.server


def test_tls_uses_the_name_of_the_server(session: requests.Session) -> None:
    """The connection goes to the checked address; SNI, certificate and Host have the name."""
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
def test_nothing_is_sent_to_a_server_with_an_invalid_certificate(kind: str, session: requests.Session) -> None:
    """The error says what is wrong with the certificate."""
    tls, reason = BAD[kind]
    with served(answer("200 OK"), tls(), HOST) as server:
        assert reason in refusal(server, session)


def test_the_verification_cannot_be_switched_off(session: requests.Session) -> None:
    """The usual options of requests have no effect."""
    session.verify, session.proxies = False, {"https": "http://127.0.0.1:1"}
    with served(answer("200 OK"), authority.of_nobody(), HOST) as server:
        assert "certificate" in refusal(server, session)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(version: ssl.TLSVersion, session: requests.Session) -> None:
    """The relay refuses it: another client that permits it can connect to the same server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls, lax = authority.only(version), authority.lax(version)
    with served(answer("200 OK"), tls, HOST) as server:
        refusal(server, session)
        connection = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0))
        with lax.wrap_socket(connection) as secured:
            assert secured.version() == version.name.replace("_", ".")


def test_the_minimum_version_is_explicit() -> None:
    """It does not depend on the defaults of Python or the machine."""
    assert tls_context(None).minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_two_current_versions_are_accepted(version: ssl.TLSVersion, session: requests.Session) -> None:
    """TLS 1.2 is still common."""
    with served(answer("200 OK"), authority.only(version), HOST) as server:
        deliver(server, session)


def test_a_tls_connection_is_reused(session: requests.Session) -> None:
    """Several deliveries need one handshake and one lookup."""
    with served(answer("200 OK", b"thanks"), authority.good(), HOST, reads="many requests") as server:
        for _ in range(3):
            deliver(server, session)
        assert (server.connections, len(server.requests)) == (1, 3)


def test_a_slowly_sent_tls_record_is_cut(session: requests.Session) -> None:
    """No byte of a response can be read before its record is complete."""
    with dripping_record(authority.good(), HOST) as server, pytest.raises(NotDelivered) as caught:
        deliver(server, session, 0.5)
    assert caught.value.status == 0


def test_a_server_that_reads_slowly_is_cut(session: requests.Session) -> None:
    """Sending has the same deadline."""
    with reading_slowly(authority.good(), HOST) as server:
        endpoint = Webhook(lambda: server.url, lambda: SECRET, lambda: "name", lambda: session, 0.5)
        endpoint.deliver("msg_1", "{}")
        with pytest.raises(NotDelivered):
            endpoint.deliver("msg_2", "x" * 30_000_000)  # which the server would read in some seconds


def test_the_tls_handshake_may_take_longer_than_connecting(tmp_path: Path) -> None:
    """The limit for connecting is for each address; the handshake has the rest of the deadline."""

    def late(client: socket.socket) -> None:
        time.sleep(0.3)
        with authority.good().wrap_socket(client, server_side=True):
            pass

    with served(late, reads="bytes") as server, within(2):
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", urlsplit(server.url).port))]
        context = tls_context(authority.roots(tmp_path))
        with context.wrap_socket(connect(addresses, 0.1), server_hostname=HOST) as secured:
            assert secured.version() == "TLSv1.3"


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_unusable_roots_name_their_setting(content: bytes | None, tmp_path: Path) -> None:
    """The file may be missing, empty or no certificate."""
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        checked_session(Resolver(), str(path))


def test_roots_may_be_a_folder(tmp_path: Path) -> None:
    """OpenSSL keeps certificates in a folder."""
    assert tls_context(str(tmp_path)).verify_mode == ssl.CERT_REQUIRED
