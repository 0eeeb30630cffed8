"""What all parts of the simulated tenant share: one `Tenant` object, passed by argument."""

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from sandbox.tenant.clock import Clock
from sandbox.tenant.faults import Faults
from sandbox.tenant.tokens import Tokens


@dataclass
class Client:
    """An app registration, or a managed identity: who may get tokens, how, and with which application
    roles.
    """

    client_id: str
    roles: set[str] = field(default_factory=set)
    vault: bool = False
    """Whether it may read the Key Vault's secrets (the role Key Vault Secrets User)."""
    secrets: list[str] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    managed_identity: str | None = None
    """None for an app registration; "system" or "user" for a managed identity."""
    app_roles: set[str] = field(default_factory=set)
    """The roles that this registration's own API knows; an app without any has no API."""
    token_version: int = 1
    """Which tokens its API asks for: the manifest's requestedAccessTokenVersion."""
    assigned: dict[str, set[str]] = field(default_factory=dict)
    """The roles it was assigned at other apps' APIs, by their client ids in lower case."""
    exchange: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """The permissions that Exchange has granted, which no token tells: each with the lower-case addresses of its scope,
    or None for a grant without a scope.
    """


@dataclass
class Mailbox:
    """A user's or a room's mailbox; `id` is the directory object id, a GUID in lower case."""

    address: str
    display_name: str
    kind: str = "user"
    """"user" or "room"."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    calendar: Any = None
    """The Graph part's own calendar store of this mailbox."""
    working_hours: dict[str, Any] | None = None
    """As Graph writes them, once somebody set them."""


@dataclass(frozen=True)
class SecretVersion:
    """One version of a Key Vault secret; `version` is 32 hex characters."""

    value: str
    created: datetime
    enabled: bool = True
    version: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass
class Tenant:
    """One simulated Microsoft 365 tenant, in memory."""

    tenant_id: str
    folder: Path
    """Where the CA and the server's certificate lie."""
    identity_header: str = ""
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    clients: dict[str, Client] = field(default_factory=dict)
    """By client id in lower case."""
    vault: dict[str, list[SecretVersion]] = field(default_factory=dict)
    """By secret name in lower case, oldest version first."""
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    """By lower-case address and by id: every mailbox is here twice. Use add_mailbox and remove_mailbox."""
    settings: dict[str, Any] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    """Graph calls by "METHOD template"."""
    url: str = ""
    """The tenant's own https origin, known once it serves."""
    tokens: Tokens = field(init=False, repr=False)
    graph: Any = None
    """Whatever the Graph part attaches."""

    def __post_init__(self) -> None:
        """Make the token signer, which needs the tenant it signs for."""
        self.tokens = Tokens(self)

    def add_mailbox(self, mailbox: Mailbox) -> None:
        """Put a mailbox in the directory; one with the same address or id is replaced."""
        for key in (mailbox.address.lower(), mailbox.id.lower()):
            if key in self.mailboxes:
                self.remove_mailbox(self.mailboxes[key])
        self.mailboxes[mailbox.address.lower()] = mailbox
        self.mailboxes[mailbox.id.lower()] = mailbox

    def remove_mailbox(self, mailbox: Mailbox) -> None:
        """Take a mailbox out of the directory; nothing happens when it is not there."""
        self.mailboxes.pop(mailbox.address.lower(), None)
        self.mailboxes.pop(mailbox.id.lower(), None)
