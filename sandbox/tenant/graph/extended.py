"""Extended properties with a single value: written with an event, read by $expand, and found by $filter.

Graph: singleValueLegacyExtendedProperty resource type; Create, Get singleValueLegacyExtendedProperty. The $filter finds
events of a mailbox alone, in no calendar view, and its answer does not contain the property. The name is
case-sensitive, the value is not. What is not read here gets 400.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.graph.errors import GraphError, bad_request

NAME = "singleValueExtendedProperties"
ID = re.compile(r"^(\w+) (\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}) (Name|Id) (\S(?:.*\S)?)$")
KINDS = frozenset({"String", "Integer", "Boolean", "SystemTime", "Double", "Long", "Guid", "Binary"})
TEXT = r"'((?:[^']|'')*)'"
EXPAND = re.compile(rf"^{NAME}\(\$filter=(id eq {TEXT}(?: or id eq {TEXT})*)\)$")
ANY = re.compile(rf"^{NAME}/[Aa]ny\((\w+):\s*\1/id eq {TEXT} and \1/value eq {TEXT}\)$")
LARGEST = 32_767


def property_id(text: str) -> str:
    """Return a property's id in the form that answers have. Raises GraphError (400) for a malformed one."""
    match = ID.match(text)
    if match is None or match[1] not in KINDS:
        raise _invalid(f"The property id '{text}' is invalid.")
    return f"{match[1]} {match[2].lower()} {match[3]} {match[4]}"


def properties_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the extended properties in a body. Raises GraphError (400)."""
    found: dict[str, str] = {}
    for each in body.get(NAME) or ():
        if each.keys() - {"id", "value"} or not isinstance(each.get("value"), str) or "id" not in each:
            raise _invalid("An extended property has an id and a value.")
        if len(each["value"]) > LARGEST:
            raise _invalid("The value of an extended property is too long.")
        found[property_id(each["id"])] = each["value"]
    return found


def expanded_ids(value: str | None) -> frozenset[str]:
    """Return the ids that $expand names. Raises GraphError (400) for any other $expand."""
    if value is None:
        return frozenset()
    match = EXPAND.match(value.strip())
    if match is None:
        raise bad_request(f"Parsing OData Select and Expand failed: '{value}'.", "RequestBroker--ParseUri")
    return frozenset(property_id(each.replace("''", "'")) for each in re.findall(TEXT, match[1]))


def filtered_pair(text: str) -> tuple[str, str] | None:
    """Return the id and value for which a $filter looks, None for a $filter of another kind."""
    match = ANY.match(text.strip())
    return (property_id(match[2].replace("''", "'")), match[3].replace("''", "'")) if match else None


def has_pair(properties: Mapping[str, str], pair: tuple[str, str]) -> bool:
    """Return whether an event has a property with this value, without regard to the value's case."""
    return properties.get(pair[0], "").lower() == pair[1].lower() and pair[0] in properties


def shown(properties: Mapping[str, str], ids: frozenset[str]) -> dict[str, Any]:
    """Return what $expand adds to an event: nothing when the event has none of the properties."""
    listed = [{"id": each, "value": properties[each]} for each in sorted(ids & properties.keys())]
    return {NAME: listed} if listed else {}


def _invalid(text: str) -> GraphError:
    return bad_request(text, "ErrorInvalidProperty")
