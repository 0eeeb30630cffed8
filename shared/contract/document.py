"""The OpenAPI document, made of the table of operations and the models. ("OpenAPI Specification 3.1")"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.contract.answers import Problem
from shared.contract.deliveries import EventDelivery, GoneEventDelivery
from shared.contract.operations import ENTRA, ENTRA_IS_SERVED, WITH_KEY, Answer, Operation, operations
from shared.contract.webhooks import webhooks

VERSION = "0.1.0"
PROBLEMS = {
    400: "The body cannot be read.",
    401: "No key, or a wrong one.",
    403: "The customer does not allow it.",
    404: "There is no such thing.",
    409: "It is in the way of what stands.",
    413: "The body is too large.",
    415: "Another content type is needed.",
    422: "A field or parameter is not sound; the detail names it.",
    502: "Microsoft Graph refuses; the detail says what the customer's IT has to do.",
    503: "Something does not answer, or a setting is broken. Try again after Retry-After.",
}
KEYS: dict[str, dict[str, str]] = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "A function key."},
    "functionKeyInQuery": {"type": "apiKey", "in": "query", "name": "code", "description": "The same in the address."},
    "masterKey": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "The master key."},
}
TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An Entra token with an app role."}
HEADERS = {
    "Location": "Where it is read.",
    "Retry-After": "Seconds to wait before the next try.",
    "ETag": "Names this state of the document, for If-None-Match.",
    "Cache-Control": "How long it may be kept.",
}


@cache
def text() -> str:
    """Return the document as it is served and kept: the same text for the same code."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


@cache
def etag() -> str:
    """Return what names the text."""
    return f'"{hashlib.sha256(text().encode()).hexdigest()[:32]}"'


def document(*, entra: bool = ENTRA_IS_SERVED) -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    table = list(operations(entra=entra))
    for operation in table:
        paths.setdefault(f"/api/{operation.route}", {})[operation.method] = _described(operation, table)
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
    models: list[type[BaseModel]] = [Problem, EventDelivery, GoneEventDelivery]
    for operation in table:
        models += [operation.body] if operation.body else []
        models += [answer.model for answer in operation.answers.values() if answer.model]
    asked: Any = [(model, "validation") for model in dict.fromkeys(models)]
    _, made = models_json_schema(asked, ref_template="#/components/schemas/{model}", schema_generator=_PlainSchema)
    return dict(sorted(made["$defs"].items()))


def _described(operation: Operation, table: list[Operation]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.function,
        "tags": [operation.caller],
        "summary": operation.says,
        "security": _security(operation),
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.body:
        content = {"application/json": {"schema": _ref(operation.body)}}
        described["requestBody"] = {"required": operation.body_is_needed, "content": content}
    responses = _responses(operation)
    for status, answer in operation.answers.items():
        if links := _links(answer, operation, table):
            responses[str(status)]["links"] = links
    return described | {"responses": responses}


def _links(answer: Answer, operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return what can be done next with the id in an answer, or with the first one of a list."""
    place = "/value/0/id" if answer.model and "value" in answer.model.model_fields else "/id"
    following = (
        other for other in table
        if answer.names and other.by_token == operation.by_token and other.route.removeprefix(ENTRA).startswith(answer.names)
    )  # fmt: skip
    return {
        other.function: {"operationId": other.function, "parameters": {"id": f"$response.body#{place}"}}
        for other in following
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.by_token:
        return [{"entraToken": []}]
    kinds = {"partner": ("functionKey", "functionKeyInQuery"), "operations": ("masterKey",)}
    return [{kind: []} for kind in kinds.get(operation.caller, ())]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for _ in range(operation.route.count("{id}"))
    ]
    in_query = [
        {"name": query.name, "in": "query", "allowEmptyValue": True, "description": query.says,
         "schema": query.schema}
        for query in operation.query
    ]  # fmt: skip
    return in_path + in_query


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in operation.answers.items():
        responses[str(status)] = response = {"description": answer.says}
        if answer.headers:
            response["headers"] = _headers(*answer.headers)
        if answer.model or status == 200:
            schema = _ref(answer.model) if answer.model else {"type": "string" if answer.media != "application/json" else "object"}
            response["content"] = {answer.media: {"schema": schema}}
    if operation.caller in WITH_KEY:
        responses["401"] = {"description": PROBLEMS[401]}  # the host's own answer, without a body
    for status in operation.problems:
        content = {"application/problem+json": {"schema": _ref(Problem)}}
        responses[str(status)] = {"description": PROBLEMS[status], "content": content}
        if status == 503:
            responses["503"]["headers"] = _headers("Retry-After")
    return dict(sorted(responses.items()))


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
