"""What an administrator wants to have examined, and the parts that it takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shared.errors import RequestRejected
from shared.parts import Parts

if TYPE_CHECKING:
    from shared.graph.diagnostics import GraphDiagnostics
    from shared.graph.handshake_check import HandshakeCheck
    from shared.key_vault import Secrets
    from shared.storage.diagnostics import StorageDiagnostics

MOST_MAILBOXES = 5  # of each kind: each costs a call of Graph


class Examined(Parts, Protocol):
    """A relay that can be examined."""

    @property
    def secrets(self) -> Secrets:
        """The secrets in Key Vault."""

    def graph_probe(self) -> GraphDiagnostics:
        """Return what tries Graph."""

    def storage_probe(self) -> StorageDiagnostics:
        """Return what tries the storage account."""

    def own_address(self) -> HandshakeCheck:
        """Return what calls the relay at its public address."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Mailboxes that must be readable and such that must not be; `ping` asks for a test delivery to the partner."""

    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    ping: bool = True


def read_wish(content: dict[str, Any]) -> Wish:
    """Return the body of a call. Raises RequestRejected 422."""
    ping = content.get("ping", True)
    if not isinstance(ping, bool) or content.keys() - {"allowed", "refused", "ping"}:
        raise _refused("there are allowed and refused, which are lists of mailboxes, and ping, which is true or false")
    allowed, refused = _mailboxes("allowed", content), _mailboxes("refused", content)
    if set(allowed) & set(refused):
        raise _refused("a mailbox cannot be in allowed and in refused")
    return Wish(allowed, refused, ping)


def _mailboxes(name: str, content: dict[str, Any]) -> tuple[str, ...]:
    from shared.api.fields import checked_address

    given = content.get(name, [])
    if not isinstance(given, list) or len(given) > MOST_MAILBOXES or not all(isinstance(one, str) for one in given):
        raise _refused(f"{name}: is a list of at most {MOST_MAILBOXES} mailboxes")
    return tuple(dict.fromkeys(checked_address(name, one) for one in given))


def _refused(text: str) -> RequestRejected:
    return RequestRejected(422, "The request is not sound", text)
