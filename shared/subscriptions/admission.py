"""Whether a mailbox may be set up as requested."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared import problems
from shared.errors import RequestRejected
from shared.http.deadline import within
from shared.http.resolver import AddressRefused, Resolver
from shared.policy.permission import Permission
from shared.storage.watches import Watch
from shared.watches.requests import WatchRequest

LOOKUP_SECONDS = 5.0


@dataclass(frozen=True)
class Admission:
    """Admits requests of set-up calls."""

    permission: Permission
    resolver: Callable[[], Resolver]

    def require(self, request: WatchRequest, existing: Watch | None) -> dict[str, Any]:
        """Return what a new row keeps of the mailbox that answers. Raises RequestRejected unless the settings and the
        address of the notificationUrl allow a request.

        `existing`: the watch of its mailbox.
        """
        decision = self.permission.may(existing, request.mailbox, request.notification_url, "partner", "set-up")
        decision.require()
        if request.delivery == "direct":
            self._check_address(request)
        return decision.owner.columns() if decision.owner is not None else {}

    def _check_address(self, request: WatchRequest) -> None:
        """Resolve the host of a direct notificationUrl, so that Graph is never pointed into a private network."""
        address = urlsplit(request.notification_url)
        try:
            with within(LOOKUP_SECONDS):
                self.resolver().find(address.hostname or "", address.port or 443)
        except AddressRefused:
            text = "notificationUrl: its host is in a private network, which Graph cannot reach. Use a public host."
            raise RequestRejected(problems.INVALID_REQUEST, text) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
                text = "notificationUrl: the host name does not resolve. Check the spelling."
                raise RequestRejected(problems.INVALID_REQUEST, text) from None
            text = "The DNS lookup for the host of notificationUrl failed. Try again soon."
            raise RequestRejected(problems.DNS_UNAVAILABLE, text, retry_after=30) from None
