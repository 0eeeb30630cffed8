"""Metadata of tables: EntityDefinitions with columns, lookups and privileges, and the service document.

Dataverse: Query table definitions using the Web API; Create and update column definitions; Web API types and
operations ($metadata).
"""

import re
from typing import Any
from xml.sax.saxutils import quoteattr

from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.columns import ACCESS, Column, Table, boolean
from sandbox.dataverse.errors import ApiError, invalid, no_row, no_set
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.privileges import require

NAMED = re.compile(r"^(LogicalName|MetadataId)='?([\w-]+)'?$")
FLAG = re.compile(r"^(\w+) eq (true|false|'[^']*')$")
KINDS = {"text": "String", "integer": "Integer", "choice": "Picklist", "boolean": "Boolean", "time": "DateTime",
         "lookup": "Lookup", "guid": "Uniqueidentifier"}  # fmt: skip
EDM = {"text": "Edm.String", "integer": "Edm.Int32", "choice": "Edm.Int32", "boolean": "Edm.Boolean",
       "time": "Edm.DateTimeOffset", "lookup": "Edm.Guid", "guid": "Edm.Guid"}  # fmt: skip
BLOCKED = "Unmanaged customizations are blocked in this environment."


def definitions(call: Call) -> Answer:
    """Return the definitions of all tables, or of those with a flag."""
    flag = FLAG.match(call.query["$filter"]) if "$filter" in call.query else None
    if "$filter" in call.query and flag is None:
        raise invalid("The $filter of metadata is not supported here.", "0x80060888")
    every = [_table(call.organization, table) for table in call.organization.tables.values()]
    wanted = [each for each in every if flag is None or str(each.get(flag[1])).lower() == flag[2].strip("'").lower()]
    return Answer(200, {"value": [_selected(call, each) for each in wanted]})


def definition(call: Call, named: str, rest: list[str]) -> Answer:
    """Return a table's definition, or its columns, lookups or one column."""
    table = table_of(call.organization, named)
    if not rest:
        return Answer(200, _selected(call, _table(call.organization, table)))
    if rest[0] == "ManyToOneRelationships":
        lookups = [each for each in table.columns.values() if each.kind == "lookup"]
        return Answer(200, {"value": [_selected(call, _lookup(table, each)) for each in lookups]})
    if rest[0] == "Attributes" or rest[0].startswith("Attributes/"):
        return Answer(200, {"value": [_selected(call, _column(each)) for each in table.columns.values()]})
    match = re.match(r"^Attributes\(LogicalName='(\w+)'\)$", rest[0])
    if match is None:
        raise no_set(rest[0])
    column = table.columns.get(match[1])
    if column is None:
        raise no_row("attribute", match[1])
    return Answer(200, _selected(call, _column(column)))


def add_column(call: Call, named: str) -> Answer:
    """Make a column of yes and no: BooleanAttributeMetadata."""
    organization, table = call.organization, table_of(call.organization, named)
    require(organization, call.user_id, organization.tables["solution"], "Create")
    check_customizable(organization)
    body = call.json_object()
    name = str(body.get("SchemaName", "")).lower()
    if body.get("@odata.type") != "Microsoft.Dynamics.CRM.BooleanAttributeMetadata" or "_" not in name:
        raise invalid("Only a BooleanAttributeMetadata with a publisher's prefix can be made here.")
    if name in table.columns:
        raise ApiError(400, "0x80044153", f"Attribute {name} already exists for entity {table.name}.")
    table.columns[name] = boolean(name, default=False)
    for row in organization.rows.of(table.name).values():
        row[name] = None
    address = f"{organization.base}/EntityDefinitions({organization.derived('table', table.name)})/Attributes"
    return Answer(204, None, {"OData-EntityId": f"{address}({organization.derived('column', table.name, name)})"})


def check_customizable(organization: Organization) -> None:
    """Raise ApiError (403) where unmanaged customizations are blocked; the code is the sandbox's own."""
    if organization.blocks_customizations:
        raise ApiError(403, "0x80097375", BLOCKED)


def document(call: Call) -> Answer:
    """Return $metadata: the types of all tables, with their properties and navigation properties."""
    types = "".join(map(_entity_type, call.organization.tables.values()))
    text = (
        '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" '
        'xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f"{types}</Schema></edmx:DataServices></edmx:Edmx>"
    )
    return Answer(200, text, content_type="application/xml")


def table_of(organization: Organization, named: str) -> Table:
    """Return the table in an address: LogicalName='…', or its MetadataId. Raises ApiError (404)."""
    match = NAMED.match(named)
    name = match[2] if match else named
    for table in organization.tables.values():
        if name in (table.name, organization.derived("table", table.name)):
            return table
    raise no_row("entity", name)


def _table(organization: Organization, table: Table) -> dict[str, Any]:
    return {
        "MetadataId": organization.derived("table", table.name),
        "LogicalName": table.name,
        "SchemaName": table.privilege or table.name,
        "EntitySetName": table.set,
        "ObjectTypeCode": table.code,
        "PrimaryIdAttribute": table.key,
        "PrimaryNameAttribute": table.primary_name,
        "OwnershipType": "UserOwned" if table.owned else "OrganizationOwned",
        "ChangeTrackingEnabled": table.tracked,
        "IsOptimisticConcurrencyEnabled": table.concurrency,
        "Privileges": [
            {
                "CanBeBasic": table.owned,
                "CanBeGlobal": True,
                "Name": table.privilege_for(access),
                "PrivilegeId": organization.derived("privilege", table.privilege_for(access)),
                "PrivilegeType": access,
            }
            for access in ACCESS
        ],
    }


def _column(column: Column) -> dict[str, Any]:
    described = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{KINDS[column.kind]}AttributeMetadata",
        "LogicalName": column.name,
        "AttributeType": KINDS[column.kind],
        "RequiredLevel": {"Value": "SystemRequired" if column.required else "None"},
        "IsValidForCreate": column.writable,
        "IsValidForUpdate": column.writable,
        "IsValidForRead": column.readable,
    }
    if column.kind == "time":
        described |= {"DateTimeBehavior": {"Value": column.behavior}, "Format": "DateAndTime"}
    return described | ({"MaxLength": column.longest} if column.kind == "text" else {})


def _lookup(table: Table, column: Column) -> dict[str, Any]:
    return {
        "ReferencingEntity": table.name,
        "ReferencingAttribute": column.name,
        "ReferencingEntityNavigationPropertyName": column.navigation,
        "ReferencedEntity": column.targets[0],
    }


def _selected(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """Return the selected properties, which are case-sensitive. Raises ApiError (400) for an unknown one."""
    if "$select" not in call.query:
        return item
    names = [name.strip() for name in call.query["$select"].split(",")]
    for name in names:
        if name not in item and not item.get("@odata.type"):
            raise invalid(f"Could not find a property named '{name}'.", "0x80060888")
    return {name: value for name, value in item.items() if name in names or name in ("MetadataId", "@odata.type")}


def _entity_type(table: Table) -> str:
    plain = "".join(
        f"<Property Name={quoteattr(each.property)} Type={quoteattr(EDM[each.kind])} />"
        for each in table.columns.values()
    )
    navigation = "".join(
        f'<NavigationProperty Name={quoteattr(each.navigation)} Type="mscrm.{each.targets[0]}">'
        f'<ReferentialConstraint Property={quoteattr(each.property)} ReferencedProperty="id" /></NavigationProperty>'
        for each in table.columns.values() if each.kind == "lookup"
    )  # fmt: skip
    key = f"<Key><PropertyRef Name={quoteattr(table.key)} /></Key>"
    return f"<EntityType Name={quoteattr(table.name)}>{key}{plain}{navigation}</EntityType>"
