"""Generates the OpenAPI document from the table of operations and the models. ("OpenAPI Specification 3.1")"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel

from tools.openapi.fields import schema_name
from tools.openapi.objects.servers import SECURITY_SCHEMES, SERVERS, tags
from tools.openapi.operation import Operation
from tools.openapi.paths import operation_object
from tools.openapi.responses import Problem
from tools.openapi.routes import operations
from tools.openapi.schemas.models import schemas_of
from tools.openapi.schemas.sides import schemas_by_side
from tools.openapi.webhooks import DELIVERIES, webhooks

CONTRACT_VERSION = "2.0"  # of the contract, not of the release; functions/openapi.py still serves version 1


@cache
def text() -> str:
    """Return the document as JSON text. Reproducible: the same code gives the same text."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """Return the document. An operation stands once, although the relay serves it for keys and for tokens."""
    paths: dict[str, dict[str, Any]] = {}
    table = list(operations(entra=False))
    for operation in table:
        paths.setdefault(f"/{operation.route}", {})[operation.method] = operation_object(operation, table)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Calendar Relay",
            "version": CONTRACT_VERSION,
            "summary": "Changes of Microsoft 365 calendars for a partner.",
            "description": "Delivers changes of Microsoft 365 calendars to a partner, from the customer's own tenant. "
            "Later versions may add operations, fields of responses and deliveries, and values of enumerations: "
            "ignore what you do not know.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": SERVERS,
        "tags": tags([name for name in {operation.feature for operation in table} if name != "relay"]),
        "paths": paths,
        "webhooks": webhooks(),
        "components": {"securitySchemes": SECURITY_SCHEMES, "schemas": _schemas(table)},
    }


def models(table: list[Operation]) -> tuple[list[type[BaseModel]], list[type[BaseModel]]]:
    """Return the models of the bodies that the relay receives, and of those that it sends, each once."""
    received = [operation.body for operation in table if operation.body]
    sent = [response.model for operation in table for response in operation.responses.values() if response.model]
    delivered = [model for _summary, model in DELIVERIES.values()]
    return list(dict.fromkeys(received)), list(dict.fromkeys([Problem, *delivered, *sent]))


def _schemas(table: list[Operation]) -> dict[str, Any]:
    received, sent = models(table)
    schemas = schemas_of([*sent, *received])
    return schemas_by_side(schemas, received=[schema_name(model) for model in received])
