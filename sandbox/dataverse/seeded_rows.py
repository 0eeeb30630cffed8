"""The rows with which an environment starts: units, people, statuses, resources, messages, privileges and roles."""

from typing import TYPE_CHECKING, Any

from sandbox.dataverse.booking_tables import FIELD_SERVICE
from sandbox.dataverse.columns import ACCESS, boolean
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.privileges import SURPLUS, role_set
from sandbox.tenant.state import Client, Mailbox

if TYPE_CHECKING:
    from sandbox.dataverse.seed import SeededDataverse, SeededResource

PEOPLE = ("dispatcher", "technician", "fieldservice", "optimizer")
STATUSES = (("Proposed", 1, None), ("Committed", 2, None), ("Cancelled", 3, None), ("Simulation", 2, None))
FIELD_STATUSES = ("Scheduled", "Traveling", "On Break", "In Progress", "Completed", "Canceled")
MESSAGES = ("Create", "Update", "Delete")
HOOKED = ("bookableresourcebooking", "bookableresource")
SUCCESS = 1
"""The actstatus of a mailbox whose sync was tested."""


def fill(organization: Organization, seed: "SeededDataverse") -> None:
    """Make the rows. Raises ValueError for a mailbox or client that the tenant does not have."""
    _units_and_people(organization)
    _privileges(organization)
    _statuses(organization)
    _messages(organization)
    _put(organization, "organization", organization.organization_id,
         name=organization.name, expirechangetrackingindays=seed.tracking_days,
         islockdownofunmanagedcustomizationenabled=seed.blocks_customizations)  # fmt: skip
    if seed.column:
        organization.tables["bookableresource"].columns[seed.column] = boolean(seed.column, default=False)
    for resource in seed.resources if seed.resources is not None else _default_resources(organization):
        add_resource(organization, resource, seed.column)
    for client, role in _application_users(organization, seed).items():
        add_application_user(organization, _client(organization, client), role)


def add_resource(organization: Organization, seeded: "SeededResource", column: str) -> str:
    """Make a resource, and the user or mailbox to which it leads; return its id."""
    from sandbox.dataverse.seed import KINDS

    mailbox = _mailbox(organization, seeded.mailbox) if seeded.mailbox else None
    name = seeded.name or (mailbox.display_name if mailbox else seeded.kind)
    resource_id = (seeded.id or organization.derived("resource", seeded.mailbox or name)).lower()
    values: dict[str, Any] = {"name": name, "resourcetype": KINDS.index(seeded.kind) + 1}
    if column:
        values[column] = seeded.marked
    if mailbox is not None and seeded.kind == "user":
        values["userid"] = add_user(organization, mailbox, server_side_sync=seeded.server_side_sync)
    elif mailbox is not None and seeded.kind in ("contact", "account"):
        values[f"{seeded.kind}id"] = _party(organization, seeded.kind, mailbox)
    elif mailbox is not None:
        values["msdyn_primaryemail"] = mailbox.address
    _put(organization, "bookableresource", resource_id, **values)
    organization.ids[f"resource:{(seeded.mailbox or name).lower()}"] = resource_id
    return resource_id


def add_user(organization: Organization, mailbox: Mailbox, *, server_side_sync: bool = False) -> str:
    """Make the user of a mailbox, with its mailbox row, and return the user's id."""
    user_id = organization.derived("user", mailbox.id)
    _put(organization, "systemuser", user_id, fullname=mailbox.display_name, domainname=mailbox.address,
         internalemailaddress=mailbox.address, azureactivedirectoryobjectid=mailbox.id,
         businessunitid=organization.ids["unit:root"])  # fmt: skip
    _put(organization, "mailbox", organization.derived("mailbox", mailbox.id), name=mailbox.display_name,
         emailaddress=mailbox.address, regardingobjectid=user_id, enabledforact=server_side_sync,
         actdeliverymethod=1 if server_side_sync else 2, actstatus=SUCCESS if server_side_sync else 0)  # fmt: skip
    organization.ids[f"user:{mailbox.address.lower()}"] = user_id
    return user_id


def add_application_user(organization: Organization, client: Client, role: str | list[str]) -> str:
    """Make the user of an app, with a role of its own, and return the user's id."""
    user_id = organization.derived("application", client.client_id.lower())
    _put(organization, "systemuser", user_id, fullname=f"# {client.display_name or client.client_id}",
         applicationid=client.client_id.lower(), azureactivedirectoryobjectid=client.principal_id,
         businessunitid=organization.ids["unit:root"])  # fmt: skip
    give(organization, user_id, role)
    return user_id


def give(organization: Organization, user_id: str, role: str | list[str], without: tuple[str, ...] = ()) -> None:
    """Replace a user's privileges by those of one role of its own, all with the depth Global.

    Raises ValueError for a privilege that does not exist.
    """
    names = set(role) if isinstance(role, list) else role_set(organization, role)
    known = {row["name"] for row in organization.rows.of("privilege").values()}
    if unknown := (names | set(without)) - known:
        raise ValueError(f"no privilege {', '.join(sorted(unknown))}")
    role_id = organization.derived("role", user_id)
    _put(organization, "role", role_id, name=f"Role of {user_id}", businessunitid=organization.ids["unit:root"])
    organization.roles_of[user_id] = {role_id}
    organization.privileges_of[role_id] = {
        organization.derived("privilege", name): "Global" for name in names - set(without)
    }


def _units_and_people(organization: Organization) -> None:
    root = organization.derived("unit", "root")
    organization.ids["unit:root"] = root
    _put(organization, "businessunit", root, name=organization.name)
    for name in PEOPLE:
        user_id = organization.derived("person", name)
        organization.ids[f"user:{name}"] = user_id
        _put(organization, "systemuser", user_id, fullname=name, businessunitid=root)
    administrator = organization.tenant.administrator
    user_id = organization.derived("person", "administrator")
    organization.ids["user:administrator"] = user_id
    _put(organization, "systemuser", user_id, fullname=administrator.name, domainname=administrator.name,
         azureactivedirectoryobjectid=administrator.object_id, businessunitid=root)  # fmt: skip


def _privileges(organization: Organization) -> None:
    """Make a privilege for each access to each table, and let the administrator have them all."""
    rights = {name: 2**number for number, name in enumerate(ACCESS)}
    for table in organization.tables.values():
        for access in ACCESS:
            name = table.privilege_for(access)
            _put(organization, "privilege", organization.derived("privilege", name), name=name,
                 accessright=rights[access])  # fmt: skip
    for name in SURPLUS:
        _put(organization, "privilege", organization.derived("privilege", name), name=name, accessright=1)
    for person in (*PEOPLE, "administrator"):
        give(organization, organization.ids[f"user:{person}"], "administrator")


def _statuses(organization: Organization) -> None:
    """Make the statuses; those of Field Service only if it is installed."""
    own = [(name, 3 if name == "Canceled" else 2, FIELD_SERVICE[n]) for n, name in enumerate(FIELD_STATUSES)]
    for name, status, of_field_service in (*STATUSES, *(own if organization.field_service else [])):
        status_id = organization.derived("status", name)
        organization.ids[f"status:{name}"] = status_id
        _put(organization, "bookingstatus", status_id, name=name, status=status,
             msdyn_fieldservicestatus=of_field_service)  # fmt: skip
    defaults = {"none": ("Committed", "Cancelled")}
    if organization.field_service:
        defaults["msdyn_workorder"] = ("Scheduled", "Canceled")
    for name, (committed, canceled) in defaults.items():
        _put(organization, "msdyn_bookingsetupmetadata", organization.derived("setup", name),
             msdyn_entitylogicalname=name,
             msdyn_defaultbookingcommittedstatus=organization.ids[f"status:{committed}"],
             msdyn_defaultbookingcanceledstatus=organization.ids[f"status:{canceled}"])  # fmt: skip


def _messages(organization: Organization) -> None:
    """Make the messages and filters that steps name."""
    for message in MESSAGES:
        message_id = organization.derived("message", message)
        _put(organization, "sdkmessage", message_id, name=message)
        for table in HOOKED:
            _put(organization, "sdkmessagefilter", organization.derived("filter", message, table),
                 primaryobjecttypecode=table, sdkmessageid=message_id)  # fmt: skip


def _default_resources(organization: Organization) -> list["SeededResource"]:
    from sandbox.dataverse.seed import SeededResource

    boxes = {box.id: box for box in organization.tenant.mailboxes.values()}.values()
    return [SeededResource(mailbox=box.address, kind="user" if box.kind == "user" else "facility") for box in boxes]


def _application_users(organization: Organization, seed: "SeededDataverse") -> dict[str, str | list[str]]:
    if seed.application_users is not None:
        return seed.application_users
    first = next((each.client_id for each in organization.tenant.clients.values() if not each.managed_identity), None)
    return {first: "full"} if first else {}


def _client(organization: Organization, name: str) -> Client:
    for client in organization.tenant.clients.values():
        if name.lower() in (client.client_id.lower(), client.managed_identity):
            return client
    raise ValueError(f"no client {name}")


def _mailbox(organization: Organization, address: str) -> Mailbox:
    mailbox = organization.tenant.mailboxes.get(address.lower())
    if mailbox is None:
        raise ValueError(f"no mailbox {address}")
    return mailbox


def _party(organization: Organization, kind: str, mailbox: Mailbox) -> str:
    party_id = organization.derived(kind, mailbox.id)
    name = {"contact": "fullname", "account": "name"}[kind]
    _put(organization, kind, party_id, **{name: mailbox.display_name, "emailaddress1": mailbox.address})
    return party_id


def _put(organization: Organization, table: str, row_id: str, **values: Any) -> None:
    """Store a row as the system makes it: with defaults, without webhooks."""
    kind, now = organization.tables[table], organization.clock.now().replace(microsecond=0)
    defaults = {name: column.default for name, column in kind.columns.items()}
    stamps: dict[str, Any] = {"createdon": now, "modifiedon": now}
    if kind.owned:
        stamps |= {"ownerid": organization.ids["user:administrator"],
                   "owningbusinessunit": organization.ids["unit:root"]}  # fmt: skip
    organization.rows.put(table, row_id, {**defaults, **stamps, **values, kind.key: row_id.lower()})
