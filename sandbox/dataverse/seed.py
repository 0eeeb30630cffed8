"""The seed of an environment: its kind, its resources, and the apps that may use it. JSON with camelCase keys."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.dataverse.booking_tables import FIELD_SERVICE_TABLES
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.seeded_rows import fill
from sandbox.dataverse.settings import Settings
from sandbox.tenant.seed import ADDRESS, Strict
from sandbox.tenant.state import Tenant

Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Kind = Literal["generic", "contact", "user", "equipment", "account", "crew", "facility", "pool"]
KINDS = ("generic", "contact", "user", "equipment", "account", "crew", "facility", "pool")
"""In the order of resourcetype, from 1 on."""
TRACKED = ("bookableresourcebooking", "bookableresource")


class SeededResource(Strict):
    """A resource, with the mailbox of the tenant to which it leads, if any.

    `marked` is the customer's column; `serverSideSync`: whether Microsoft's own sync is on for the mailbox.
    """

    mailbox: str | None = Field(default=None, pattern=ADDRESS)
    kind: Kind = "user"
    marked: bool = True
    name: str | None = None
    id: Guid | None = None
    server_side_sync: bool = False


class SeededDataverse(Strict):
    """The whole seed; each key has a default."""

    organization_id: Guid | None = None
    environment_id: Guid | None = None
    type: Literal["Production", "Sandbox", "Trial", "Developer", "Default"] = "Production"
    field_service: bool = True
    missing_columns: tuple[str, ...] = ()
    """Columns of bookings that belong to solutions which are not installed, by their logical names."""
    trial: bool = False
    """Whether the limits are a tenth, as in a trial."""
    tracking_days: int = Field(default=7, ge=0, le=365)
    tracked: tuple[str, ...] = TRACKED
    concurrency: bool = True
    column: str = Field(default="new_calendarrelay", pattern=r"^([a-z]+_[a-z0-9_]+)?$")
    blocks_customizations: bool = False
    resources: list[SeededResource] | None = None
    """None: a user for each user mailbox, a facility for each room."""
    application_users: dict[str, str | list[str]] | None = None
    """By client id, or "system" for the system-assigned managed identity: the name of a role, or its privileges.

    None: the tenant's first client has the role "full".
    """
    settings: Settings = Settings()


def organization_from(seed: SeededDataverse, tenant: Tenant) -> Organization:
    """Return the environment that a seed describes. Raises ValueError for a mailbox or client that does not exist."""
    settings = seed.settings.model_copy()
    if seed.trial:
        settings.requests, settings.execution_seconds = settings.requests // 10, settings.execution_seconds / 10
        settings.concurrency = max(1, settings.concurrency // 10)
    organization = Organization(tenant, settings)
    organization.organization_id = (seed.organization_id or organization.organization_id).lower()
    organization.environment_id = (seed.environment_id or organization.environment_id).lower()
    organization.type, organization.field_service = seed.type, seed.field_service
    for name in () if seed.field_service else FIELD_SERVICE_TABLES:
        del organization.tables[name]
    for name in seed.missing_columns:
        del organization.tables["bookableresourcebooking"].columns[name]
    organization.blocks_customizations = seed.blocks_customizations
    for name in seed.tracked:
        organization.tables[name].tracked = True
    organization.tables["bookableresourcebooking"].concurrency = seed.concurrency
    fill(organization, seed)
    return organization
