"""The shared state of the simulated tenant: one `Tenant` object, passed as an argument."""

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from sandbox.tenant.administrator import Administrator
from sandbox.tenant.app_roles import AppRole
from sandbox.tenant.clock import Clock
from sandbox.tenant.faults import Faults
from sandbox.tenant.stops import Stops
from sandbox.tenant.tokens import Tokens


@dataclass
class Client:
    """An app registration or managed identity: its credentials and application roles."""

    client_id: str
    roles: set[str] = field(default_factory=set)
    vault: bool = False
    """Whether it may read the Key Vault's secrets (role Key Vault Secrets User)."""
    secrets: list[str] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    managed_identity: str | None = None
    """None for an app registration; "system" or "user" for a managed identity."""
    app_roles: list[AppRole] = field(default_factory=list)
    """The app roles of its own API, as Graph's appRole; an app without any has no API."""
    token_version: int = 1
    """The token version of its API: the manifest's requestedAccessTokenVersion."""
    assigned: dict[str, set[str]] = field(default_factory=dict)
    """Values of its roles at other apps' APIs, by lower-case client id; "" is the default access."""
    exchange: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """Permissions granted in Exchange, which tokens do not contain, each with the lower-case addresses of its scope, or
    None for a grant without a scope.
    """
    vault_officer: bool = False
    """Whether it may read and write the Key Vault's secrets (role Key Vault Secrets Officer)."""
    display_name: str = ""
    identifier_uris: list[str] = field(default_factory=list)
    """The application ID URIs of its API."""
    optional_claims: dict[str, Any] | None = None
    elsewhere: bool = False
    """Whether it is registered in another tenant: this one has at most its service principal."""
    application_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The object id of its application."""
    principal_id: str | None = field(default_factory=lambda: str(uuid.uuid4()))
    """The object id of its service principal; None when this tenant has none."""


@dataclass
class Mailbox:
    """A user's or a room's mailbox; `id` is the directory object id, a GUID in lower case."""

    address: str
    display_name: str
    kind: str = "user"
    """"user" or "room"."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    calendar: Any = None
    """The Graph part's calendar of this mailbox."""
    working_hours: dict[str, Any] | None = None
    """Graph's workingHours, if they were set."""
    calendar_owner: Any = "itself"
    """The owner of its calendars as Graph's emailAddress, or None, if it was set; "itself" for the mailbox."""


@dataclass(frozen=True)
class SecretVersion:
    """One version of a Key Vault secret; `version` is 32 hex characters."""

    value: str
    created: datetime
    enabled: bool = True
    content_type: str = ""
    version: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass
class Tenant:
    """One simulated Microsoft 365 tenant, in memory."""

    tenant_id: str
    folder: Path
    """Holds the CA and the server's certificate."""
    identity_header: str = ""
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    stops: Stops = field(default_factory=Stops)
    clients: dict[str, Client] = field(default_factory=dict)
    """By client id in lower case."""
    vault: dict[str, list[SecretVersion]] = field(default_factory=dict)
    """By secret name in lower case, oldest version first."""
    vault_network: str = ""
    """The inner error code of each call while the vault's network is closed, such as ForbiddenByFirewall."""
    deleted_secrets: dict[str, list[SecretVersion]] = field(default_factory=dict)
    """Secrets that are deleted and can be recovered; nothing can be written under their names."""
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    """By lower-case address and by id: each mailbox is in it at least twice. Use the methods below to change it."""
    settings: dict[str, Any] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    """Graph calls by "METHOD template"."""
    url: str = ""
    """The tenant's https origin; set when it is served."""
    tokens: Tokens = field(init=False, repr=False)
    graph: Any = None
    """State of the Graph part."""
    dataverse: Any = None
    """The environments of Dynamics 365; None without any."""
    administrator: Administrator = field(default_factory=Administrator)
    """The person who signs in with the Azure CLI."""

    def __post_init__(self) -> None:
        """Create the token signer, which needs the tenant."""
        self.tokens = Tokens(self)

    def add_mailbox(self, mailbox: Mailbox) -> None:
        """Add a mailbox to the directory; one with the same address or id is replaced."""
        for key in (mailbox.address.lower(), mailbox.id.lower()):
            if key in self.mailboxes:
                self.remove_mailbox(self.mailboxes[key])
        self.mailboxes[mailbox.address.lower()] = mailbox
        self.mailboxes[mailbox.id.lower()] = mailbox

    def add_alias(self, mailbox: Mailbox, address: str) -> None:
        """Give a mailbox a further address (proxyAddresses): it is found by it, and named by its primary one."""
        self.mailboxes[address.lower()] = mailbox

    def remove_mailbox(self, mailbox: Mailbox) -> None:
        """Remove a mailbox from the directory, if it is there."""
        for name in [name for name, other in self.mailboxes.items() if other is mailbox]:
            del self.mailboxes[name]

    def rename_mailbox(self, mailbox: Mailbox, address: str, *, keep: bool) -> None:
        """Give a mailbox a new address. The former one is found no more, or with `keep`, still finds the mailbox.

        Scopes in Exchange follow the mailbox.
        """
        before, new = mailbox.address.lower(), address.lower()
        for client in self.clients.values():
            for role, scope in client.exchange.items():
                if scope is not None and before in scope:
                    client.exchange[role] = scope | {new}
        if not keep:
            del self.mailboxes[before]
        mailbox.address = address
        self.mailboxes[new] = mailbox
