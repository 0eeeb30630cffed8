"""The OpenAPI document, made of the table of operations and the models. ("OpenAPI Specification 3.1")"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.version import VERSION
from tools.openapi.deliveries import EventDelivery, GoneEventDelivery, PingDelivery
from tools.openapi.operation import Operation
from tools.openapi.paths import described
from tools.openapi.responses import Problem
from tools.openapi.routes import ENTRA_IS_SERVED, operations
from tools.openapi.webhooks import webhooks

KEYS: dict[str, dict[str, str]] = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "A function key."},
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code", "description": "The same in the address."},
    "masterKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "The master key."},
}
TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An Entra token with an app role."}


@cache
def text() -> str:
    """Return the document as it is served and kept: the same text for the same code."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document(*, entra: bool = ENTRA_IS_SERVED) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    table = list(operations(entra=entra))
    for operation in table:
        paths.setdefault(f"/api/{operation.route}", {})[operation.method] = described(operation, table)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Calendar Relay",
            "version": VERSION,
            "description": "Changes of Microsoft 365 calendars for a partner, from inside the customer's own tenant.",
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
    """Schemas without a title for every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  (pydantic's signature)
        """Leave it out."""
        return False


def _schemas(table: list[Operation]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [Problem, EventDelivery, GoneEventDelivery, PingDelivery]
    for operation in table:
        models += [operation.body] if operation.body else []
        models += [answer.model for answer in operation.answers.values() if answer.model]
    asked: Any = [(model, "validation") for model in dict.fromkeys(models)]
    _, made = models_json_schema(asked, ref_template="#/components/schemas/{model}", schema_generator=_PlainSchema)
    return dict(sorted(_by_title(made["$defs"]).items()))


def _by_title(schemas: dict[str, Any]) -> dict[str, Any]:
    """Name each schema by its title: a model may have another one than its class (see `schema_name`)."""
    titles = {name: schema.get("title", name) for name, schema in schemas.items()}
    text = re.sub(r'(?<="#/components/schemas/)\w+(?=")', lambda match: titles[match[0]], json.dumps(schemas))
    return {titles[name]: schema for name, schema in json.loads(text).items()}
