"""Schemas as readers need them: of what the relay sends, and of what it receives. Pure.

The models are closed, because the tests hold every response and delivery against exactly their fields. Readers have to
ignore fields and values that a later version adds, so the document opens what the relay sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from tools.openapi.fields import REF


def schemas_by_side(schemas: dict[str, Any], received: Collection[str]) -> dict[str, Any]:
    """Return the schemas. Those of `received` bodies, and those inside them, are closed and have no defaults."""
    closed = reached(schemas, received)
    return {name: _without_defaults(schema) if name in closed else _opened(schema) for name, schema in schemas.items()}


def reached(schemas: dict[str, Any], names: Collection[str]) -> set[str]:
    """Return the names, and those of all schemas that theirs refer to."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(re.findall(rf"{REF}(\w+)", json.dumps(schemas[name]))) - found
    return found


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
    opened: dict[str, Any] = _with_open_values(shown)
    return opened


def _with_open_values(part: Any) -> Any:
    """Return a part of a schema in which an enumeration only names values: a generated client would refuse others."""
    if isinstance(part, list):
        return [_with_open_values(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        "x-extensible-enum" if key == "enum" and isinstance(value, list) else key: _with_open_values(value)
        for key, value in part.items()
    }


def _without_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose defaults stand in the descriptions: generated clients require a property with a default."""
    properties = {name: _described_default(field) for name, field in schema.get("properties", {}).items()}
    return schema | ({"properties": properties} if properties else {})


def _described_default(field: dict[str, Any]) -> dict[str, Any]:
    if "default" not in field:
        return field
    rest = {key: value for key, value in field.items() if key != "default"}
    if field["default"] in (None, [], {}):
        return rest  # the same as to leave it out
    sentence = f"Default: {json.dumps(field['default'])}."
    return rest | {"description": f"{rest['description']} {sentence}" if "description" in rest else sentence}
