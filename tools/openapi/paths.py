"""Converts an operation of the table to OpenAPI."""

from __future__ import annotations

from typing import Any

from tools.openapi.fields import deprecation
from tools.openapi.objects.answers import answers, content_of
from tools.openapi.objects.parameters import names_in, parameters
from tools.openapi.objects.servers import SCHEMES_OF, TAKES
from tools.openapi.operation import Operation, Response


def operation_object(operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return an operation of the table as an OpenAPI operation object."""
    content: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.caller, *([] if operation.feature == "relay" else [operation.feature])],
        "summary": operation.summary,
        "description": _description(operation),
        **({"deprecated": True} if operation.deprecated else {}),
        "security": _security(operation),
    }
    if described := parameters(operation):
        content["parameters"] = described
    if operation.body:
        content["requestBody"] = {"required": operation.body_is_needed, "content": content_of(operation.body)}
    responses = answers(operation)
    for status, response in operation.responses.items():
        if links := _links(response, operation, table):
            responses[status]["links"] = links
    return content | {"responses": {str(status): response for status, response in responses.items()}}


def _description(operation: Operation) -> str:
    """Return how to call an operation, and when it is available."""
    sentences = [TAKES[operation.caller]]
    if operation.token_is_optional:
        sentences = ["A token is optional. Only below `api`."]
    if operation.feature != "relay":
        sentences.append(f"Available if the customer's FEATURES names {operation.feature}.")
    if operation.description:
        sentences.insert(0, operation.description)
    if operation.deprecated:
        sentences.insert(0, deprecation(operation.deprecated))
    return " ".join(sentences)


def _links(response: Response, operation: Operation, table: list[Operation]) -> dict[str, Any]:
    """Return the operations that take the id in a response, or the first id of a list."""
    pointer = "/value/0/id" if response.model and "value" in response.model.model_fields else "/id"
    from_path = {name: f"$request.path.{name}" for name in names_in(operation.route)}
    return {
        other.id: {"operationId": other.id, "parameters": {**from_path, "id": f"$response.body#{pointer}"}}
        for other in table
        if response.names and other.route.startswith(response.names)
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.token_is_optional:
        return [{}, {"entraToken": []}]
    return [{scheme: []} for scheme in SCHEMES_OF.get(operation.caller, ())]
