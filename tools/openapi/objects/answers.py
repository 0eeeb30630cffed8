"""The responses of an operation: its own, and the problem details that are possible on every route."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from tools.openapi.examples import EXAMPLES
from tools.openapi.examples.problems import problem_example
from tools.openapi.fields import ref, schema_name
from tools.openapi.operation import WITH_KEY, Operation, Response
from tools.openapi.responses import Problem

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
    501: "The feature is off: the customer's FEATURES does not name it.",
    502: "Microsoft Graph rejects the call; the detail says what the customer's IT has to do.",
    503: "A dependency does not respond, or a setting is invalid. Try again after Retry-After.",
}
CALLER_PROBLEMS = (401, 403, 413, 422, 429, 503)  # possible on every route that needs a key or a token
BODY_FOR_TOKENS = "For a token with problem details; for a wrong key the Functions host answers, without a body."
WAITS = {429: ("Retry-After", "RateLimit-Policy", "RateLimit"), 503: ("Retry-After",)}  # the headers of these problems
HEADERS = {
    "Location": "URL of the resource.",
    "Retry-After": "Seconds to wait before the next attempt.",
    "ETag": "Identifies this state, for If-Match or If-None-Match.",
    "Cache-Control": "How long the response may be cached.",
    "RateLimit": "Calls that are left, and the seconds until there is another (RateLimit header fields for HTTP).",
    "RateLimit-Policy": "Calls that a caller may make, and in how many seconds.",
}


def answers(operation: Operation) -> dict[int, dict[str, Any]]:
    """Return the response objects of an operation, by status."""
    own = {status: _answer(operation, status, response) for status, response in operation.responses.items()}
    statuses = {*operation.problems, *(CALLER_PROBLEMS if operation.caller in WITH_KEY else ())}
    statuses |= set() if operation.feature == "relay" else {501}
    problems = {status: _problem(operation, status) for status in statuses}
    for status in own.keys() & problems.keys():  # a response and problem details share a status
        problems[status]["content"] |= own[status].get("content", {})
    described = own | problems
    return {status: described[status] for status in sorted(described)}


def content_of(model: type[BaseModel], media: str = "application/json", example: Any = None) -> dict[str, Any]:
    """Return the content of a body: its schema and an example, that of the model if none is given."""
    shown = EXAMPLES.get(schema_name(model)) if example is None else example
    return {media: {"schema": ref(model)} | ({} if shown is None else {"example": shown})}


def _problem(operation: Operation, status: int) -> dict[str, Any]:
    text = PROBLEMS[status]
    if status == 401 and operation.caller in WITH_KEY:
        # Without content: a generated client would parse the body, which is empty for a wrong key.
        return {"description": f"{text} {BODY_FOR_TOKENS}"}
    example = problem_example(operation.feature, status)
    content: dict[str, Any] = {"description": text, "content": content_of(Problem, "application/problem+json", example)}
    return content | ({"headers": _headers(*WAITS[status])} if status in WAITS else {})


def _answer(operation: Operation, status: int, response: Response) -> dict[str, Any]:
    content: dict[str, Any] = {"description": response.description}
    if response.headers:
        content["headers"] = _headers(*response.headers)
    if response.model:
        example = response.example or _extended_problem(operation, status, response.model)
        content["content"] = content_of(response.model, response.media, example)
    elif status == 200:
        kind = "string" if response.media == "text/plain" else "object"
        content["content"] = {response.media: {"schema": {"type": kind}, "example": response.example}}
    return content


def _extended_problem(operation: Operation, status: int, model: type[BaseModel]) -> Any:
    """Return the example of problem details with more members, for a status that is not that of the model's example."""
    example = EXAMPLES.get(schema_name(model), {})
    if not issubclass(model, Problem) or example.get("status") == status:
        return None
    return example | problem_example(operation.feature, status)


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}
