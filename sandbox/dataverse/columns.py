"""Columns and tables, as Dataverse's metadata describes them.

Dataverse: Column data types; EntityMetadata. Only the columns that a table needs here exist.
"""

from dataclasses import dataclass, field

ACCESS = ("Create", "Read", "Write", "Delete", "Assign", "Append", "AppendTo")
"""What a table's privileges allow, in the order of PrivilegeType from 1 on; Share is left out."""


@dataclass(frozen=True)
class Column:
    """One column. `kind`: text, integer, choice, boolean, time, lookup or guid.

    `navigation` is the case-sensitive name by which a lookup is written and expanded; `targets` are logical names.
    """

    name: str
    kind: str = "text"
    required: bool = False
    writable: bool = True
    readable: bool = True
    options: tuple[int, ...] = ()
    least: int = -(2**31)
    most: int = 2**31 - 1
    longest: int = 4000
    targets: tuple[str, ...] = ()
    navigation: str = ""
    default: object = None
    behavior: str = "UserLocal"
    """DateTimeBehavior of a time: UserLocal, DateOnly or TimeZoneIndependent."""

    @property
    def property(self) -> str:
        """The name in the Web API: a lookup is read as _name_value."""
        return f"_{self.name}_value" if self.kind == "lookup" else self.name


@dataclass
class Table:
    """One table. `privilege` is its part of the names of its privileges, which may differ from its own name."""

    name: str
    set: str
    columns: dict[str, Column]
    primary_name: str = "name"
    privilege: str = ""
    privileges: dict[str, str] = field(default_factory=dict)
    """Names of privileges that do not follow the rule, by what they allow."""
    tracked: bool = False
    """ChangeTrackingEnabled."""
    concurrency: bool = True
    """IsOptimisticConcurrencyEnabled."""
    code: int = 10_000
    """ObjectTypeCode."""
    key_name: str = ""
    owned: bool = False
    """Whether its rows belong to users; others belong to the organization and need Global."""

    @property
    def key(self) -> str:
        """The name of its primary key."""
        return self.key_name or f"{self.name}id"

    def privilege_for(self, access: str) -> str:
        """Return the name of the privilege that allows this: prvReadBookableResourceBooking."""
        return self.privileges.get(access) or f"prv{access}{self.privilege or self.name}"

    def by_navigation(self, name: str) -> Column | None:
        """Return the lookup with this navigation property."""
        return next((each for each in self.columns.values() if each.navigation == name and name), None)

    def by_property(self, name: str) -> Column | None:
        """Return the column that the Web API reads by this name."""
        return next((each for each in self.columns.values() if each.property == name), None)


def text(name: str, longest: int = 100, **more: object) -> Column:
    """Return a column of text."""
    return Column(name, "text", longest=longest, **more)  # type: ignore[arg-type]


def integer(name: str, least: int = 0, **more: object) -> Column:
    """Return a column of whole numbers."""
    return Column(name, "integer", least=least, **more)  # type: ignore[arg-type]


def choice(name: str, *options: int, **more: object) -> Column:
    """Return a column with one of some numbers."""
    return Column(name, "choice", options=options, **more)  # type: ignore[arg-type]


def boolean(name: str, *, default: bool | None = None, **more: object) -> Column:
    """Return a column of true and false."""
    return Column(name, "boolean", default=default, **more)  # type: ignore[arg-type]


def time(name: str, **more: object) -> Column:
    """Return a column of times, which behave as UserLocal: in UTC in the Web API."""
    return Column(name, "time", **more)  # type: ignore[arg-type]


def lookup(name: str, navigation: str, *targets: str, **more: object) -> Column:
    """Return a column with the id of another row."""
    return Column(name, "lookup", navigation=navigation, targets=targets, **more)  # type: ignore[arg-type]


def table(name: str, set_name: str, *columns: Column, **more: object) -> Table:
    """Return a table with these columns, its key, and those that every table has."""
    made = Table(name, set_name, {}, **more)  # type: ignore[arg-type]
    key = Column(made.key, "guid", writable=False)
    every = (key, *columns, *(SYSTEM if made.owned else SYSTEM[:-2]))
    made.columns = {each.name: each for each in every}
    return made


SYSTEM = (
    time("createdon", writable=False),
    time("modifiedon", writable=False),
    Column("versionnumber", "integer", writable=False, most=2**63),
    lookup("createdby", "createdby", "systemuser", writable=False),
    lookup("modifiedby", "modifiedby", "systemuser", writable=False),
    lookup("ownerid", "ownerid", "systemuser", "team"),
    lookup("owningbusinessunit", "owningbusinessunit", "businessunit", writable=False),
)
