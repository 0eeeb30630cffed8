"""Connections of urllib3 that go to a checked address only, and whose waiting ends at the deadline of their thread.

The name stays what TLS asks for (SNI) and what the certificate has to bear; only the way there is looked up by us.
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
    """A socket that never waits beyond the deadline of its thread, however often its waiting is taken up again.

    `ended` tells that the other side has closed.
    """

    ended = False

    def recv_into(self, *args: Any, **options: Any) -> int:
        """Receive within the time that is left."""
        self.settimeout(seconds_left())
        received = super().recv_into(*args, **options)
        self.ended = received == 0
        return received

    def sendall(self, *args: Any, **options: Any) -> None:
        """Send all within the time that is left."""
        self.settimeout(seconds_left())
        return super().sendall(*args, **options)


class TimedTlsSocket(TimedSocket, ssl.SSLSocket):
    """The same over TLS. Python itself measures a handshake, a record and all that is sent as a whole."""

    def do_handshake(self, *args: Any, **options: Any) -> None:
        """Shake hands within the time that is left."""
        self.settimeout(seconds_left())
        return super().do_handshake(*args, **options)


def pools_by_scheme(resolve: Resolve) -> dict[str, type[HTTPConnectionPool]]:
    """Return the connection pools for http and https whose connections ask `resolve` where their host is."""

    class Checked(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            limit = self.timeout if isinstance(self.timeout, int | float) else None
            return connect(resolve(self.host, self.port), limit)

        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
            """Read status and headers; Python takes a line that is closed among them for their end, which it is not."""
            line = self.sock
            response = super().getresponse()
            if isinstance(line, TimedSocket) and line.ended:
                raise ConnectionResetError("the answer broke off among its headers")
            return response

    class CheckedTls(Checked, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Checked

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = CheckedTls

    return {"http": Pool, "https": TlsPool}


def connect(addresses: list[AddressInfo], limit: float | None) -> socket.socket:
    """Return a socket to the first address that answers, each within `limit` seconds. Raises OSError if none does."""
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in addresses:
        left = seconds_left()
        candidate = TimedSocket(family, kind, protocol)
        try:
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            candidate.settimeout(min((seconds for seconds in (left, limit) if seconds is not None), default=None))
            candidate.connect(address)
        except OSError as error:
            candidate.close()
            failure = error
        else:
            return candidate
    raise failure
