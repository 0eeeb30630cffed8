"""One operation of the table in OpenAPI's words."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from tools.openapi.fields import schema_name
from tools.openapi.operation import WITH_KEY, Answer, Operation
from tools.openapi.responses import Problem
from tools.openapi.routes import ENTRA

PROBLEMS = {
    400: "The body cannot be read.",
    401: "No key or token, or a wrong one.",
    403: "The customer does not allow it, or not to this caller.",
    404: "There is no such thing.",
    409: "It is in the way of what stands.",
    412: "It has changed since: If-Match names another state.",
    413: "The body is too large.",
    415: "Another content type is needed.",
    422: "A field or parameter is not sound; the detail names it.",
    429: "Too many calls. Try again after Retry-After.",
    502: "Microsoft Graph refuses; the detail says what the customer's IT has to do.",
    503: "Something does not answer, or a setting is broken. Try again after Retry-After.",
}
AT_THE_DOOR = (403, 413, 429, 503)  # what every caller that has to be let in may be told
HEADERS = {
    "Location": "Where it is read.",
    "Retry-After": "Seconds to wait before the next try.",
    "ETag": "Names this state, for If-Match or If-None-Match.",
    "Cache-Control": "How long it may be kept.",
}


def described(operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return an operation of the table as OpenAPI says it."""
    said: dict[str, Any] = {
        "operationId": operation.function,
        "tags": [operation.caller],
        "summary": operation.says,
        "security": _security(operation),
    }
    if operation.feature != "relay":
        said["tags"].append(operation.feature)
        said["description"] = f"Only where the customer's FEATURES names {operation.feature}."
    if parameters := _parameters(operation):
        said["parameters"] = parameters
    if operation.body:
        content = {"application/json": {"schema": ref(operation.body)}}
        said["requestBody"] = {"required": operation.body_is_needed, "content": content}
    responses = _responses(operation)
    for status, answer in operation.answers.items():
        if links := _links(answer, operation, table):
            responses[str(status)]["links"] = links
    return said | {"responses": responses}


def _links(answer: Answer, operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return what can be done next with the id in an answer, or with the first one of a list."""
    place = "/value/0/id" if answer.model and "value" in answer.model.model_fields else "/id"
    route = (ENTRA if operation.by_token else "") + answer.names
    known = {name: f"$request.path.{name}" for name in _named(operation.route)}
    return {
        other.function: {"operationId": other.function, "parameters": {**known, "id": f"$response.body#{place}"}}
        for other in table
        if answer.names and other.route.startswith(route)
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.by_token:
        return [{"entraToken": []}]
    kinds = {"partner": ("functionKey", "functionKeyInQuery"), "operations": ("masterKey",)}
    return [{kind: []} for kind in kinds.get(operation.caller, ())]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _named(operation.route)
    ]
    in_query = [
        {"name": query.name, "in": "query", "allowEmptyValue": True, "description": query.says,
         "schema": query.schema} | ({"required": True, "allowEmptyValue": False} if query.required else {})
        for query in operation.query
    ]  # fmt: skip
    in_header = [
        {"name": header.name, "in": "header", "description": header.says, "schema": header.schema}
        for header in operation.headers
    ]
    return in_path + in_query + in_header


def _named(route: str) -> list[str]:
    """Return the names of a route's parameters."""
    return re.findall(r"\{(\w+)\}", route)


def _responses(operation: Operation) -> dict[str, Any]:
    said = {status: _answer(status, answer) for status, answer in operation.answers.items()}
    problems = set(operation.problems)
    if operation.caller in WITH_KEY:
        problems |= {401, *AT_THE_DOOR}
    for status in problems:
        problem = _problem(status)
        if status in said:  # an answer of its own and problem details have one status
            problem["content"] |= said[status].get("content", {})
        said[status] = problem
    if operation.caller in WITH_KEY and not operation.by_token:
        said[401] = {"description": PROBLEMS[401]}  # the host's own answer, without a body
    return {str(status): said[status] for status in sorted(said)}


def _problem(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": ref(Problem)}},
    }
    return said | ({"headers": _headers("Retry-After")} if status in (429, 503) else {})


def _answer(status: int, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"description": answer.says}
    if answer.headers:
        said["headers"] = _headers(*answer.headers)
    if answer.model:
        said["content"] = {answer.media: {"schema": ref(answer.model)}}
    elif status == 200:
        said["content"] = {answer.media: {"schema": {"type": "string" if answer.media == "text/plain" else "object"}}}
    return said


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}


def ref(model: type[BaseModel]) -> dict[str, str]:
    """Return where the document has a model's schema."""
    return {"$ref": f"#/components/schemas/{schema_name(model)}"}
