"""Converts an operation of the table to OpenAPI."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from tools.openapi.fields import schema_name
from tools.openapi.operation import WITH_KEY, Operation, Response
from tools.openapi.responses import Problem
from tools.openapi.routes import ENTRA

PROBLEMS = {
    400: "The body cannot be parsed.",
    401: "The key or token is missing or invalid.",
    403: "The customer does not allow it, or not for this caller.",
    404: "Not found.",
    409: "Conflict with the existing state.",
    412: "The event has changed: If-Match names another state.",
    413: "The body is too large.",
    415: "Unsupported content type.",
    422: "A field or parameter is invalid; the detail names it.",
    429: "Too many calls. Try again after Retry-After.",
    502: "Microsoft Graph rejects the call; the detail says what the customer's IT has to do.",
    503: "A dependency does not respond, or a setting is invalid. Try again after Retry-After.",
}
CALLER_PROBLEMS = (403, 413, 422, 429, 503)  # possible on every route that needs a key or a token
NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
HEADERS = {
    "Location": "URL of the resource.",
    "Retry-After": "Seconds to wait before the next attempt.",
    "ETag": "Identifies this state, for If-Match or If-None-Match.",
    "Cache-Control": "How long the response may be cached.",
}


def operation_object(operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return an operation of the table as an OpenAPI operation object."""
    content: dict[str, Any] = {
        "operationId": operation.function,
        "tags": [operation.caller],
        "summary": operation.summary,
        "security": _security(operation),
    }
    if operation.feature != "relay":
        content["tags"].append(operation.feature)
        content["description"] = f"Available if the customer's FEATURES names {operation.feature}."
    if parameters := _parameters(operation):
        content["parameters"] = parameters
    if operation.body:
        body = {"application/json": {"schema": ref(operation.body)}}
        content["requestBody"] = {"required": operation.body_is_needed, "content": body}
    responses = _responses(operation)
    for status, response in operation.responses.items():
        if links := _links(response, operation, table):
            responses[str(status)]["links"] = links
    return content | {"responses": responses}


def _links(response: Response, operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return the operations that take the id in a response, or the first id of a list."""
    pointer = "/value/0/id" if response.model and "value" in response.model.model_fields else "/id"
    route = (ENTRA if operation.by_token else "") + response.names
    from_path = {name: f"$request.path.{name}" for name in _parameter_names(operation.route)}
    return {
        other.function: {"operationId": other.function, "parameters": {**from_path, "id": f"$response.body#{pointer}"}}
        for other in table
        if response.names and other.route.startswith(route)
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.by_token:
        return [{"entraToken": []}]
    if operation.token_is_optional:
        return [{}, {"entraToken": []}]
    kinds = {"partner": ("functionKey", "functionKeyInQuery"), "operations": ("masterKey",)}
    return [{kind: []} for kind in kinds.get(operation.caller, ())]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "pattern": NO_CONTROL_CHARACTERS},
        }
        for name in _parameter_names(operation.route)
    ]
    in_query = [
        {"name": query.name, "in": "query", "allowEmptyValue": True, "description": query.description,
         "schema": query.schema} | ({"required": True, "allowEmptyValue": False} if query.required else {})
        for query in operation.query
    ]  # fmt: skip
    in_header = [
        {"name": header.name, "in": "header", "description": header.description, "schema": header.schema}
        for header in operation.headers
    ]
    return in_path + in_query + in_header


def _parameter_names(route: str) -> list[str]:
    """Return the names of a route's parameters."""
    return re.findall(r"\{(\w+)\}", route)


def _responses(operation: Operation) -> dict[str, Any]:
    responses = {status: _response(status, response) for status, response in operation.responses.items()}
    problems = set(operation.problems)
    if operation.caller in WITH_KEY:
        problems |= {401, *CALLER_PROBLEMS}
    for status in problems:
        problem = _problem(status)
        if status in responses:  # a response and problem details share a status
            problem["content"] |= responses[status].get("content", {})
        responses[status] = problem
    if operation.caller in WITH_KEY and not operation.by_token:
        responses[401] = {"description": PROBLEMS[401]}  # from the host, without a body
    return {str(status): responses[status] for status in sorted(responses)}


def _problem(status: int) -> dict[str, Any]:
    content: dict[str, Any] = {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": ref(Problem)}},
    }
    return content | ({"headers": _headers("Retry-After")} if status in (429, 503) else {})


def _response(status: int, response: Response) -> dict[str, Any]:
    content: dict[str, Any] = {"description": response.description}
    if response.headers:
        content["headers"] = _headers(*response.headers)
    if response.model:
        content["content"] = {response.media: {"schema": ref(response.model)}}
    elif status == 200:
        kind = "string" if response.media == "text/plain" else "object"
        content["content"] = {response.media: {"schema": {"type": kind}}}
    return content


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}


def ref(model: type[BaseModel]) -> dict[str, str]:
    """Return the reference to a model's schema."""
    return {"$ref": f"#/components/schemas/{schema_name(model)}"}
