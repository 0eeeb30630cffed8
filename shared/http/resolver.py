"""Where a host can be reached, found once for each connection; refused unless every address is allowed.

What is connected to is what was checked: a name whose addresses change between the check and the connection (DNS
rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from shared.errors import RelayError
from shared.http.addresses import is_public
from shared.http.deadline import seconds_left
from shared.threads import pool

AT_ONCE = 4  # lookups; the operating system ends one only after many seconds, so they must not pile up
AddressInfo = tuple[Any, ...]  # an item of socket.getaddrinfo: family, type, protocol, canonical name, socket address
Lookup = Callable[..., list[Any]]


class AddressRefused(RelayError):
    """A host leads to an address that must not be called. The text does not tell which."""

    def __init__(self) -> None:
        super().__init__("its address is not public, and ALLOW_PRIVATE_ADDRESSES is not set")


class Resolver:
    """Looks hosts up with `lookup` (socket.getaddrinfo), and refuses those with an address that is not `allowed`."""

    def __init__(self, allowed: Callable[[str], bool] = is_public, lookup: Lookup = socket.getaddrinfo) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._threads = pool(AT_ONCE, "lookup")

    def find(self, host: str, port: int) -> list[AddressInfo]:
        """Return where a host can be reached, the best first. Raises AddressRefused, or OSError when nothing is found.

        A lookup cannot be cut off, so it runs in another thread, for which this one waits until its deadline.
        """
        lookup = self._threads.submit(self._lookup, host, port, type=socket.SOCK_STREAM)
        try:
            addresses: list[AddressInfo] = lookup.result(seconds_left())
        except UnicodeError:
            raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from None
        finally:
            lookup.cancel()  # still waiting for a thread, if time is up
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not all(self._allowed(address[0]) for *_, address in addresses):
            raise AddressRefused
        return addresses
