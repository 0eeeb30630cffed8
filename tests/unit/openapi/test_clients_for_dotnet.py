"""What NSwag and Kiota need of the document to generate C# that compiles. They are not run here.

NSwag splits ids at underscores into several clients, compares names without regard to case where files do, and names
an enumeration inside an object after the object and its property. Kiota needs `servers`, and takes the first success
schema of an operation.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic.alias_generators import to_pascal

from tools.openapi.document import document
from tools.openapi.operation import operation_id

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]
WEBHOOKS = [one for methods in DOCUMENT["webhooks"].values() for one in methods.values()]
IDS = [one["operationId"] for one in (*OPERATIONS, *WEBHOOKS)]
_KEYWORDS = """
abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else
enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal is lock long
namespace new null object operator out override params private protected public readonly ref return sbyte sealed short
sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using
virtual void volatile while
"""
# Names of types that generated code uses without their namespaces
TAKEN = {"object", "string", "exception", "apiexception", "task", "uri", "type", "attribute", "enum", "version"}
# Query parameters of version 1 that may hold an address; what they are replaced by is in their descriptions
FORMER = {("listSlots", "with"), ("getBookingAvailability", "staff")}


def repeated(names: Iterable[str]) -> set[str]:
    """Return the names that are there more than once, without regard to case."""
    return {name for name, number in Counter(name.lower() for name in names).items() if number > 1}


def test_ids_are_camel_case_and_unique() -> None:
    """Without underscores, also of deliveries; unique without regard to case."""
    assert [one for one in IDS if not re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)*", one)] == []
    assert repeated(IDS) == set()
    assert operation_id("list_slots") == "listSlots"
    assert operation_id("calendar.event.created") == "calendarEventCreated"


def test_there_is_a_single_server_with_variables() -> None:
    """Generated clients take the first; its default base is the one where every operation is."""
    (server,) = DOCUMENT["servers"]
    assert server["url"] == "https://{host}/{base}"
    assert server["variables"].keys() == {"host", "base"}
    assert (server["variables"]["base"]["enum"], server["variables"]["base"]["default"]) == (
        ["api", "api/entra"],
        "api",
    )
    assert not [one for one in OPERATIONS if "servers" in one]


def test_each_operation_has_a_single_success_schema() -> None:
    """Several statuses may share it, or all be without: NSwag throws for a success that differs from the first.

    Only Microsoft Graph calls the two that also answer with nothing.
    """
    several = {one["operationId"] for one in OPERATIONS if len(successes(one)) != 1}
    assert several == {"receiveNotifications", "receiveLifecycleEvents"}


def successes(operation: dict[str, Any]) -> set[str]:
    """Return the schemas of an operation's success; an empty text for a status without content."""
    answers = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
    contents = [content for answer in answers for content in (answer.get("content") or {"": {"schema": ""}}).values()]
    return {json.dumps(content["schema"], sort_keys=True) for content in contents}


def test_no_query_parameter_is_an_address() -> None:
    """Request lines are short, and logged on the way. What version 1 took says what replaces it, and until when."""
    found = {
        (one["operationId"], each["name"]): each for one in OPERATIONS for each in queries(one) if is_address(each)
    }
    assert found.keys() == FORMER
    for each in found.values():
        assert each["deprecated"] is True
        assert "Deprecated since 2026-11-30, accepted until 2027-11-30." in each["description"]


def queries(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the query parameters of an operation."""
    yield from (each for each in operation.get("parameters", ()) if each["in"] == "query")


def is_address(parameter: dict[str, Any]) -> bool:
    """Return whether a parameter may hold an address, by its name, description and schema; an enumeration may not."""
    if "enum" in parameter["schema"]:
        return False
    described = json.dumps([parameter["name"], parameter["description"], parameter["schema"]])
    return (
        re.search(r"mailbox|address|e-?mail|@|attendee|customer|organizer|person", described, re.IGNORECASE) is not None
    )


def test_an_address_is_detected_by_its_name_or_its_description() -> None:
    """The test above would otherwise pass for want of findings."""
    for name, text in (("mailbox", "Whose."), ("of", "Address of the owner."), ("room", "room1@contoso.com")):
        assert is_address({"name": name, "description": text, "schema": {"type": "string"}})
    assert not is_address({"name": "after", "description": "Items after this id.", "schema": {"type": "string"}})


def test_schemas_have_names_for_classes() -> None:
    """Identifiers of C#, in PascalCase, and none that the language or generated code has."""
    assert [name for name in SCHEMAS if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []
    assert {name for name in SCHEMAS if name.lower() in TAKEN} == set()
    assert repeated(SCHEMAS) == set()


def test_no_schema_has_the_name_of_an_operation() -> None:
    """A class and a method of one name, or two files, would collide."""
    assert {name.lower() for name in SCHEMAS} & {one.lower() for one in IDS} == set()


def test_properties_are_identifiers_and_differ_without_case() -> None:
    """A property may be a keyword: it gets another case. It must not have the name of its class."""
    for name, schema in SCHEMAS.items():
        properties = list(schema.get("properties", {}))
        assert [each for each in properties if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", each)] == [], name
        assert repeated(properties) == set(), name
        assert name.lower() not in {each.lower() for each in properties}


def test_enumerations_inside_objects_have_names_of_their_own() -> None:
    """NSwag: the object's name and the property's. None is that of a schema, or of another enumeration."""
    names = [name + to_pascal(each) for name, schema in SCHEMAS.items()
             for each, content in schema.get("properties", {}).items() if has_enum(content)]  # fmt: skip
    assert len(names) > 5
    assert repeated([*names, *SCHEMAS]) == set()


def test_parameters_of_a_name_have_the_same_enumeration() -> None:
    """The generated enumeration has the parameter's name alone."""
    kinds: dict[str, set[str]] = {}
    for one in OPERATIONS:
        for each in queries(one):
            if has_enum(each["schema"]):
                kinds.setdefault(each["name"], set()).add(json.dumps(each["schema"]["enum"]))
    assert {name for name, enums in kinds.items() if len(enums) > 1} == set()
    assert {name.lower() for name in kinds} & {name.lower() for name in SCHEMAS} == set()


def has_enum(schema: dict[str, Any]) -> bool:
    """Return whether a schema is an enumeration of several values, or may be, or holds some."""
    inner = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    return any(len(each.get("enum", ())) > 1 for each in inner)


def test_no_parameter_of_a_path_is_a_keyword() -> None:
    """No parameter of a path is one: NSwag writes it as an argument of a method."""
    in_path = {each["name"] for one in OPERATIONS for each in one.get("parameters", ()) if each["in"] == "path"}
    assert in_path & set(_KEYWORDS.split()) == set()
