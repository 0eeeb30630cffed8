"""Generates the OpenAPI document from the table of operations and the models. ("OpenAPI Specification 3.1")"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.version import VERSION
from tools.openapi.deliveries import EventDelivery, GoneEventDelivery, PingDelivery
from tools.openapi.operation import Operation
from tools.openapi.paths import operation_object
from tools.openapi.responses import Problem
from tools.openapi.routes import ENTRA_IS_SERVED, operations
from tools.openapi.webhooks import webhooks

KEYS: dict[str, dict[str, str]] = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "A function key."},
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code", "description": "The same in the URL."},
    "masterKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "The master key."},
}
REF = "#/components/schemas/"
TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An Entra token with an app role."}


@cache
def text() -> str:
    """Return the document as JSON text. Reproducible: the same code gives the same text."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document(*, entra: bool = ENTRA_IS_SERVED) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    table = list(operations(entra=entra))
    for operation in table:
        paths.setdefault(f"/api/{operation.route}", {})[operation.method] = operation_object(operation, table)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Calendar Relay",
            "version": VERSION,
            "description": "Delivers changes of Microsoft 365 calendars to a partner, from the customer's own tenant.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": webhooks(),
        "components": {
            "securitySchemes": KEYS | ({"entraToken": TOKEN} if entra else {}),
            "schemas": _schemas(table),
        },
    }


class _PlainSchema(GenerateJsonSchema):
    """Generates schemas without titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  (pydantic's signature)
        """Omit all titles of fields."""
        return False


def _schemas(table: list[Operation]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [Problem, EventDelivery, GoneEventDelivery, PingDelivery]
    for operation in table:
        models += [operation.body] if operation.body else []
        models += [response.model for response in operation.responses.values() if response.model]
    inputs: Any = [(model, "validation") for model in dict.fromkeys(models)]
    _, schema = models_json_schema(inputs, ref_template=REF + "{model}", schema_generator=_PlainSchema)
    return dict(sorted(_by_title(schema["$defs"]).items()))


def _by_title(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas by title: a model may have another name in the document than in code (schema_name)."""
    titles = {name: schema.get("title", name) for name, schema in schemas.items()}
    if len(set(titles.values())) < len(titles):  # pydantic inherits titles to subclasses
        raise ValueError("two models have the same title")
    text = json.dumps(schemas)
    for name, title in titles.items():
        text = text.replace(f'"{REF}{name}"', f'"{REF}{title}"')
    return {titles[name]: schema for name, schema in json.loads(text).items()}
