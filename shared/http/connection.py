"""urllib3 connections that connect to checked addresses only and respect the deadline of their thread.

TLS still uses the host name for SNI and certificate verification; only the address lookup is replaced.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from shared.http.deadline import seconds_left
from shared.http.resolver import AddressInfo

Resolve = Callable[[str, int], list[AddressInfo]]


class TimedSocket(socket.socket):
    """A socket that never waits beyond the deadline of its thread, even across repeated reads.

    `ended` is set when the peer has closed the connection.
    """

    ended = False

    def recv_into(self, *args: Any, **options: Any) -> int:
        """Receive within the remaining time."""
        self.settimeout(seconds_left())
        received = super().recv_into(*args, **options)
        self.ended = received == 0
        return received

    def sendall(self, *args: Any, **options: Any) -> None:
        """Send all within the remaining time."""
        self.settimeout(seconds_left())
        return super().sendall(*args, **options)


class TimedTlsSocket(TimedSocket, ssl.SSLSocket):
    """The same over TLS. Python applies the timeout to a handshake, a record or a sendall as a whole."""

    def do_handshake(self, *args: Any, **options: Any) -> None:
        """Do the handshake within the remaining time."""
        self.settimeout(seconds_left())
        return super().do_handshake(*args, **options)


def pools_by_scheme(resolve: Resolve) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools for http and https whose connections get their addresses from `resolve`."""

    class Checked(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            limit = self.timeout if isinstance(self.timeout, int | float) else None
            return connect(resolve(self.host, self.port), limit)

        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 does the same
            """Read status and headers. http.client treats a connection that closes among the headers as their end."""
            connection = self.sock
            response = super().getresponse()
            if isinstance(connection, TimedSocket) and connection.ended:
                raise ConnectionResetError("the response ended within its headers")
            return response

    class CheckedTls(Checked, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Checked

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = CheckedTls

    return {"http": Pool, "https": TlsPool}


def connect(addresses: list[AddressInfo], limit: float | None) -> socket.socket:
    """Return a socket to the first address that accepts, each within `limit` seconds. Raises OSError if none."""
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in addresses:
        remaining = seconds_left()
        candidate = TimedSocket(family, kind, protocol)
        try:
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            candidate.settimeout(min((seconds for seconds in (remaining, limit) if seconds is not None), default=None))
            candidate.connect(address)
        except OSError as error:
            candidate.close()
            failure = error
        else:
            return candidate
    raise failure
