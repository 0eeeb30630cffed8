"""Check bodies against Graph's published types.

The schema is generated from npm's @microsoft/microsoft-graph-types (see sandbox.graph_types). It has every property and
the values of every enumeration, but neither formats nor required properties; those are checked by each operation.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from sandbox import graph_types
from sandbox.json_schema import Draft7Validator, ValidationError, best_match
from sandbox.tenant.graph.errors import GraphError, bad_request

OPEN = ("resourceData",)
"""Open types in Graph's documentation; the published definition lists none of their properties."""


@cache
def _definitions() -> dict[str, Any]:
    """Return the generated definitions; the schema is built if it is missing."""
    loaded: dict[str, Any] = json.loads(graph_types.build().read_text())["definitions"]
    return loaded


@cache
def _validator(name: str) -> Draft7Validator:
    """Return the validator of one of the types in graph_types.ts."""
    schema = {**_definitions()["GraphTypes"]["properties"][name], "definitions": _definitions()}
    return Draft7Validator(schema)


@cache
def properties(name: str) -> frozenset[str]:
    """Return the names of the properties of a type, for $select."""
    schema = _definitions()["GraphTypes"]["properties"][name]
    if "$ref" in schema:
        schema = _definitions()[schema["$ref"].rpartition("/")[2]]
    return frozenset(schema["properties"])


def faults(name: str, body: Any) -> list[str]:
    """Return what is wrong with a body of this type; empty if it matches."""
    return [_describe(name, error) for error in _errors(name, body)]


def check(name: str, body: Any) -> None:
    """Raise GraphError (400) for the first fault of a request's body."""
    worst = best_match(_errors(name, body))
    if worst is not None:
        raise _refusal(name, worst)


def _errors(name: str, body: Any) -> Iterable[ValidationError]:
    """Return the errors of the schema."""
    return _validator(name).iter_errors(_without_annotations(body))


def _without_annotations(value: Any) -> Any:
    """Remove OData annotations (@odata.type, start@odata.type …): all types allow them, none declares them."""
    if isinstance(value, list):
        return [_without_annotations(item) for item in value]
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if "@odata." not in key}
        return {
            key: {} if key in OPEN and item is not None else _without_annotations(item) for key, item in kept.items()
        }
    return value


def _describe(name: str, error: ValidationError) -> str:
    """Return an error with its path."""
    return f"{name}{error.json_path[1:]}: {error.message}"


def _refusal(name: str, error: ValidationError) -> GraphError:
    """Return Graph's message for an unknown property or an invalid value."""
    if error.validator == "additionalProperties":
        declared = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = next(str(key) for key in cast("dict[str, Any]", error.instance) if key not in declared)
        text = (
            f"The property '{unknown}' does not exist on type 'microsoft.graph.{name}'. Make sure to only use "
            "property names that are defined by the type or mark the type as open type."
        )
        return bad_request(text, "RequestBodyRead")
    place = error.json_path[2:] or name
    text = f"Cannot convert the value '{error.instance}' of '{place}' to the expected type."
    return bad_request(text, "RequestBodyRead")
