"""The seed: the initial content of a tenant, read from a JSON file with camelCase keys."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography import x509
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.tenant.app_roles import app_role
from sandbox.tenant.state import Client, Mailbox, SecretVersion, Tenant

SECRET_NAME = r"^[0-9a-zA-Z-]{1,127}$"
"""Key Vault: About keys, secrets and certificates, object identifiers."""
ADDRESS = r"^[^@\s]+@[^@\s]+$"
OF_EXCHANGE = "Application "
"""Prefix of Exchange's roles; the rest is the name of the Graph permission."""


class Strict(BaseModel):
    """A model of JSON with camelCase keys that rejects unknown keys."""

    # Errors must not show inputs, since some are secrets.
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


ExchangeRole = Literal["Application Calendars.Read", "Application Calendars.ReadWrite"]
ExchangeRoles = dict[ExchangeRole, list[Annotated[str, Field(pattern=ADDRESS)]] | None]
"""Role assignments, each with the mailboxes of its scope, or null: no scope, so it holds for all.

Exchange: Role Based Access Control for Applications, supported application roles (those for calendars).
"""


class SeededClient(Strict):
    """An app registration; certificates are paths of PEM files (a private key in them is ignored).

    `roles` are granted in Entra, `exchangeRoles` in Exchange, `vault` (read) and `vaultOfficer` (also write) at the
    vault; `appRoles` are those of its own API; `assigned` are roles at other apps' APIs, by client id.
    """

    client_id: str
    display_name: str = ""
    secrets: list[str] = []
    certificates: list[Path] = []
    roles: list[str] = []
    exchange_roles: ExchangeRoles = {}
    vault: bool = False
    vault_officer: bool = False
    app_roles: list[str] = []
    access_token_version: Literal[1, 2] = 1
    assigned: dict[str, list[str]] = {}


class SeededIdentity(Strict):
    """A managed identity; no clientId means the system-assigned one."""

    client_id: str | None = None
    roles: list[str] = []
    exchange_roles: ExchangeRoles = {}
    vault: bool = False


class SeededMailbox(Strict):
    """A mailbox; without an id it gets a random one."""

    address: str = Field(pattern=ADDRESS)
    id: uuid.UUID | None = None
    display_name: str | None = None
    kind: Literal["room", "user"] = "user"


class SeededSecret(Strict):
    """A version of a secret, with its time of creation."""

    value: str
    created: AwareDatetime | None = None
    content_type: str = ""


SecretName = Annotated[str, Field(pattern=SECRET_NAME)]


class Seed(Strict):
    """The whole file; a secret's versions are listed oldest first."""

    tenant_id: str
    identity_header: str = Field(min_length=1)
    clients: list[SeededClient] = []
    managed_identities: list[SeededIdentity] = []
    mailboxes: list[SeededMailbox] = []
    secrets: dict[SecretName, list[str | SeededSecret]] = {}
    settings: dict[str, Any] = {}
    dataverse: dict[str, Any] | None = None
    """An environment of Dynamics 365, by the keys of sandbox/dataverse/seed.py; without it none is served."""


def tenant_from(seed: Seed, folder: Path) -> Tenant:
    """Return the tenant described by a seed; `folder` holds the certificates.

    Raises OSError or ValueError when a certificate file cannot be read, or the seed of Dynamics 365 is invalid.
    """
    tenant = Tenant(seed.tenant_id, folder, seed.identity_header, settings=dict(seed.settings))
    for client in [*map(_registered, seed.clients), *map(_identity, seed.managed_identities)]:
        tenant.clients[client.client_id.lower()] = client
    for box in seed.mailboxes:
        tenant.add_mailbox(_mailbox(box))
    for name, versions in seed.secrets.items():
        tenant.vault[name.lower()] = _versions(versions, tenant.clock.now())
    if seed.dataverse is not None:
        # Imported here because a tenant without Dynamics 365 does not need it.
        from sandbox.dataverse.environments import Environments
        from sandbox.dataverse.seed import SeededDataverse

        tenant.dataverse = Environments(tenant, SeededDataverse.model_validate(seed.dataverse))
    return tenant


def _registered(seeded: SeededClient) -> Client:
    """Return an app registration, with its certificates loaded and its client id as application ID URI."""
    certificates = [x509.load_pem_x509_certificate(path.read_bytes()) for path in seeded.certificates]
    return Client(
        seeded.client_id,
        set(seeded.roles),
        seeded.vault,
        list(seeded.secrets),
        certificates,
        app_roles=[app_role(seeded.client_id, value) for value in seeded.app_roles],
        identifier_uris=[f"api://{seeded.client_id}"],
        token_version=seeded.access_token_version,
        assigned={api.lower(): set(roles) for api, roles in seeded.assigned.items()},
        exchange=granted_in_exchange(seeded.exchange_roles),
        vault_officer=seeded.vault_officer,
        display_name=seeded.display_name,
    )


def _identity(seeded: SeededIdentity) -> Client:
    """Return a managed identity; the system-assigned one gets a random client id."""
    kind = "user" if seeded.client_id else "system"
    client_id = seeded.client_id or str(uuid.uuid4())
    granted = granted_in_exchange(seeded.exchange_roles)
    return Client(client_id, set(seeded.roles), seeded.vault, managed_identity=kind, exchange=granted)


def granted_in_exchange(roles: ExchangeRoles) -> dict[str, frozenset[str] | None]:
    """Return role assignments by Graph permission, as a Client stores them."""
    return {
        name.removeprefix(OF_EXCHANGE): None if scope is None else frozenset(map(str.lower, scope))
        for name, scope in roles.items()
    }


def _mailbox(seeded: SeededMailbox) -> Mailbox:
    """Return a mailbox; the default display name is the address's local part."""
    mailbox = Mailbox(seeded.address, seeded.display_name or seeded.address.partition("@")[0], seeded.kind)
    if seeded.id is not None:
        mailbox.id = str(seeded.id)
    return mailbox


def _versions(seeded: list[str | SeededSecret], now: datetime) -> list[SecretVersion]:
    """Return a secret's versions: by default the newest is a day old, each older one 90 days older."""
    versions = []
    for age, given in enumerate(reversed(seeded)):
        secret = SeededSecret(value=given) if isinstance(given, str) else given
        created = secret.created or now - timedelta(days=1 + 90 * age)
        versions.append(SecretVersion(secret.value, created, content_type=secret.content_type))
    return sorted(versions, key=lambda version: version.created)
