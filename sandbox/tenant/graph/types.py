"""Check bodies against Graph's published types.

The schema is generated from npm's @microsoft/microsoft-graph-types (see sandbox.graph_types): it knows every property
and every enumeration's values, but no formats and no required properties; those rules stand beside their calls.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from jsonschema import Draft7Validator, ValidationError
from jsonschema.exceptions import best_match

from sandbox import graph_types
from sandbox.tenant.graph.errors import GraphError, bad_request

OPEN = ("resourceData",)
"""Types that Graph documents as open; the published definition lists none of their properties."""


@cache
def _definitions() -> dict[str, Any]:
    """Return the generated definitions, building them when they are missing."""
    loaded: dict[str, Any] = json.loads(graph_types.build().read_text())["definitions"]
    return loaded


@cache
def _validator(name: str) -> Draft7Validator:
    """Return the compiled check of one of the types named in graph_types.ts."""
    schema = {**_definitions()["GraphTypes"]["properties"][name], "definitions": _definitions()}
    return Draft7Validator(schema)


@cache
def properties(name: str) -> frozenset[str]:
    """Return the property names of a type, for $select."""
    schema = _definitions()["GraphTypes"]["properties"][name]
    if "$ref" in schema:
        schema = _definitions()[schema["$ref"].rpartition("/")[2]]
    return frozenset(schema["properties"])


def faults(name: str, body: Any) -> list[str]:
    """Return what is wrong with a body of that type, in words; nothing when it fits."""
    return [_in_words(name, error) for error in _errors(name, body)]


def check(name: str, body: Any) -> None:
    """Raise GraphError (400) with the first fault of a request's body."""
    worst = best_match(_errors(name, body))
    if worst is not None:
        raise _refusal(name, worst)


def _errors(name: str, body: Any) -> Iterable[ValidationError]:
    """Return the schema's findings."""
    return _validator(name).iter_errors(_without_annotations(body))


def _without_annotations(value: Any) -> Any:
    """Drop OData annotations (@odata.type, start@odata.type …): any type may carry them and none declares them."""
    if isinstance(value, list):
        return [_without_annotations(one) for one in value]
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if "@odata." not in key}
        return {key: {} if key in OPEN and one is not None else _without_annotations(one) for key, one in kept.items()}
    return value


def _in_words(name: str, error: ValidationError) -> str:
    """Return a finding with its place."""
    return f"{name}{error.json_path[1:]}: {error.message}"


def _refusal(name: str, error: ValidationError) -> GraphError:
    """Return Graph's own words for an unknown property or a value that does not fit."""
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        unknown = next(str(key) for key in cast("dict[str, Any]", error.instance) if key not in known)
        text = (
            f"The property '{unknown}' does not exist on type 'microsoft.graph.{name}'. Make sure to only use "
            "property names that are defined by the type or mark the type as open type."
        )
        return bad_request(text, "RequestBodyRead")
    place = error.json_path[2:] or name
    text = f"Cannot convert the value '{error.instance}' of '{place}' to the expected type."
    return bad_request(text, "RequestBodyRead")
