"""Checks that every response matches docs/openapi.json, field by field.

The document opens the schemas of what the relay sends, since later versions add fields; here they are closed again, so
that a field that it does not describe is detected. An answer to an old spelling may be one of version 1 instead.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import requests
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.clients import RelayClient
from sandbox.json_schema import Draft202012Validator
from sandbox.process import ROOT

OPEN = {"NotificationCollection"}  # Graph may add what it likes


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose objects have no other fields, and enumerations no other values, than it describes."""
    described = json.loads(json.dumps(document["components"]["schemas"]).replace('"x-extensible-enum"', '"enum"'))
    schemas = {
        name: {"additionalProperties": False, **schema} if "properties" in schema and name not in OPEN else schema
        for name, schema in described.items()
    }
    return document | {"components": document["components"] | {"schemas": schemas}}


def opened(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose objects may have other fields: what an old spelling is answered may have grown."""
    schemas = {
        name: {key: value for key, value in schema.items() if key != "additionalProperties"}
        for name, schema in document["components"]["schemas"].items()
    }
    return document | {"components": document["components"] | {"schemas": schemas}}


class Contract:
    """The operations of a document, by method and path below /api."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._registry: Registry[Any] = Registry().with_resource("urn:relay", DRAFT202012.create_resource(document))
        routes = ((_pattern(path), methods) for path, methods in document["paths"].items())
        self._routes = sorted(routes, key=lambda route: route[0].pattern.count("["))  # first those without parameters

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """Return the operation of a method and a path below /api, such as /subscriptions."""
        for pattern, methods in self._routes:
            if pattern.fullmatch(path) and method.lower() in methods:
                described: dict[str, Any] = methods[method.lower()]
                return described
        return None

    def body_error(self, response: dict[str, Any], content_type: str, body: bytes) -> str | None:
        """Return the error in a body, or None."""
        content = response.get("content")
        if content is None:
            return f"a body of {len(body)} bytes" if body else None
        media_type = content_type.partition(";")[0]
        if media_type not in content:
            return f"{media_type} instead of {', '.join(content)}"
        if media_type == "text/plain":
            return None
        return self.schema_error(content[media_type]["schema"], json.loads(body))

    def schema_error(self, schema: dict[str, Any], value: Any) -> str | None:
        """Return the first error of a value by a schema of the document, or None."""
        return next(self.schema_errors(schema, value), None)

    def schema_errors(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        """Yield the errors of a value by a schema of the document."""
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:relay#/'))
        for error in Draft202012Validator(absolute, registry=self._registry).iter_errors(value):
            yield f"{error.json_path}: {error.message}"


def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path.removeprefix("/api")).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", escaped) + "/?")


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / name).read_text())
    return document


DOCUMENT = closed(_read("docs/openapi.json"))
PRESENT, FORMER = Contract(DOCUMENT), Contract(opened(_read("shared/openapi-1.json")))
operation, body_error, schema_error = PRESENT.operation, PRESENT.body_error, PRESENT.schema_error


PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def check_responses_of(relay: RelayClient) -> None:
    """Check every response that this client gets from now on."""
    relay._session.hooks["response"] = [check_response]


def check_response(response: requests.Response, **_: Any) -> None:
    """Raise AssertionError for a response that the document does not describe."""
    request = response.request
    _host, prefix, path = (request.url or "").partition("?")[0].partition("/api")
    if not prefix or request.method == "HEAD" or _is_of_no_function(response):
        return  # the host's own routes, and what the document says once for all
    below, is_for_tokens = path.removeprefix("/entra"), path.startswith("/entra/")
    contract = FORMER if _is_former(response, below) else PRESENT
    described = contract.operation(str(request.method), below)
    assert described is not None, f"{request.method} {path}: no operation, but {response.status_code}"
    name = f"{described['operationId']} {response.status_code}"
    assert str(response.status_code) in described["responses"], f"{name} is not described: {response.text[:300]}"
    if not response.content and (response.status_code == 413 or (response.status_code == 401 and not is_for_tokens)):
        return  # the host's own: a body above FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, a wrong key
    schema = described["responses"][str(response.status_code)]
    if response.status_code == 401 and contract is PRESENT:
        schema = schema | {"content": PROBLEM}  # not described, because the host's 401 has no body
    for header in schema.get("headers", {}):
        assert header in response.headers or header == "Retry-After", f"{name} has no {header}"
    error = contract.body_error(schema, response.headers.get("content-type", ""), response.content)
    assert error is None, f"{name}: {error}"


def _is_of_no_function(response: requests.Response) -> bool:
    """Return whether no function has the path, or the method there."""
    is_problem = response.headers.get("content-type") == "application/problem+json"
    return is_problem and response.json()["code"] in ("unknown_path", "method_not_allowed")


def _is_former(response: requests.Response, path: str) -> bool:
    """Return whether an answer to an old spelling has a status that only version 1 describes."""
    described = PRESENT.operation(str(response.request.method), path)
    statuses = described["responses"] if described else {}
    return "Deprecation" in response.headers and str(response.status_code) not in statuses
