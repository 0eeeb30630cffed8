"""One environment: its identity, tables, rows and people, and everything that plays on it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.dataverse.booking_tables import booking_tables
from sandbox.dataverse.columns import Table
from sandbox.dataverse.limits import Limits
from sandbox.dataverse.played.background import Background
from sandbox.dataverse.rows import Row, Rows
from sandbox.dataverse.settings import Settings
from sandbox.dataverse.system_tables import system_tables
from sandbox.tenant.faults import Faults
from sandbox.tenant.state import Tenant
from sandbox.tenant.stops import Stops

if TYPE_CHECKING:
    from sandbox.dataverse.hooks.sender import HookSender
    from sandbox.dataverse.played.outlook_sync import OutlookSync
    from sandbox.dataverse.writer import Actor, Writer

BeforeSave = Callable[[Table, dict[str, Any], Row | None, "Actor"], dict[str, Any]]
SPACE = uuid.UUID("6f1c2ef8-5a0b-4d3c-9f0e-6d0a1c7be301")


@dataclass
class Lies:
    """Untrue answers to reads. Rows are named by id; only reads by an app meet them."""

    missing: frozenset[str] = frozenset()
    """Rows that lists and walks leave out."""
    missing_share: float = 0.0
    """Share of the rows, chosen by the seed at each list, that lists leave out."""
    empty: bool = False
    """Whether lists have no rows at all."""
    deleted: frozenset[str] = frozenset()
    """Rows that a walk with a token says to be deleted although they are there."""
    not_found: frozenset[str] = frozenset()
    """Rows whose read by id is a 404 that is not Dataverse's 0x80040217."""
    masked: dict[str, frozenset[str]] = field(default_factory=dict)
    """Columns by row that are read as null, as column security does."""
    stale: bool = False
    """Whether lists show the rows as they were when this was switched on."""


class Organization:
    """The state of one environment."""

    def __init__(self, tenant: Tenant, settings: Settings) -> None:
        self.tenant, self.clock, self.settings = tenant, tenant.clock, settings
        self.random = random.Random(settings.seed)
        self.url = ""
        """Its https origin; set when it is served."""
        self.organization_id, self.environment_id = (str(uuid.UUID(int=self.random.getrandbits(128))) for _ in "ab")
        self.name, self.type = "contoso", "Production"
        self.field_service = True
        self.tables: dict[str, Table] = {each.name: each for each in (*system_tables(), *booking_tables())}
        self.rows = Rows()
        self.faults, self.lies = Faults(), Lies()
        self.before_lie: Rows | None = None
        """The rows as stale lists show them."""
        self.ids: dict[str, str] = {}
        """Ids of seeded rows by a name such as "user:dispatcher" or "status:Committed"."""
        self.roles_of: dict[str, set[str]] = {}
        """Ids of roles by user."""
        self.privileges_of: dict[str, dict[str, str]] = {}
        """Depth by privilege id, by role."""
        self.blocks_customizations = False
        self.snapshots: dict[str, Rows] = {}
        self.before_save: list[BeforeSave] = []
        """What may change or refuse a write, in order."""
        self.stops = Stops()
        self.limits = Limits(self.clock, settings)
        self.background = Background(self.clock)
        self.writer: Writer
        self.hooks: HookSender
        self.sync: OutlookSync

    @property
    def base(self) -> str:
        """The address of its Web API."""
        return f"{self.url}/api/data/v9.2"

    def table_of_set(self, name: str) -> Table | None:
        """Return the table with this set of rows; names are case-sensitive."""
        return next((each for each in self.tables.values() if each.set == name), None)

    def derived(self, *parts: str) -> str:
        """Return an id that depends on the parts, and on the organization as it was seeded."""
        return str(uuid.uuid5(SPACE, "/".join(parts)))
