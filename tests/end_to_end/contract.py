"""The judge of every answer: what the relay says must be what docs/openapi.json tells of, to the field."""

import json
import re
from typing import Any

import requests
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.clients import RelayClient
from sandbox.process import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
_REGISTRY: Registry[Any] = Registry().with_resource("urn:relay", DRAFT202012.create_resource(DOCUMENT))
_ROUTES = sorted(  # what is fixed before what is a parameter
    ((re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")) + "/?"), path)
     for path in DOCUMENT["paths"]),
    key=lambda pair: pair[1].count("{"),
)  # fmt: skip


def held_to(relay: RelayClient) -> None:
    """Judge every answer that this client gets from now on."""
    relay._session.hooks["response"] = [judge]


def judge(answer: requests.Response, **_: Any) -> None:
    """Raise AssertionError for an answer that the document does not tell of."""
    request = answer.request
    _, ours, path = (request.url or "").partition("?")[0].partition("/api/")
    if not ours:
        return  # the host's own routes
    told = operation(str(request.method), f"/api/{path}")
    if told is None:
        assert answer.status_code in (404, 405), f"{request.method} {path}: no operation, but {answer.status_code}"
        return
    name = f"{told['operationId']} {answer.status_code}"
    assert str(answer.status_code) in told["responses"], f"{name} is not told of: {answer.text[:300]}"
    response = told["responses"][str(answer.status_code)]
    for header in response.get("headers", {}):
        assert header in answer.headers or header == "Retry-After", f"{name} has no {header}"
    assert fault(response, answer.headers.get("content-type", ""), answer.content) is None, name


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return what the document says of a method and a path."""
    for pattern, template in _ROUTES:
        if pattern.fullmatch(path) and method.lower() in DOCUMENT["paths"][template]:
            found: dict[str, Any] = DOCUMENT["paths"][template][method.lower()]
            return found
    return None


def fault(response: dict[str, Any], media: str, body: bytes) -> str | None:
    """Return what is wrong with a body, or None."""
    content = response.get("content")
    if content is None:
        return f"a body of {len(body)} bytes" if body else None
    kind = media.partition(";")[0]
    if kind not in content:
        return f"{kind} instead of {', '.join(content)}"
    return None if kind == "text/plain" else schema_fault(content[kind]["schema"], json.loads(body))


def schema_fault(schema: dict[str, Any], value: Any) -> str | None:
    """Return how a value breaks a schema of the document, or None."""
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:relay#/'))
    errors = Draft202012Validator(absolute, registry=_REGISTRY).iter_errors(value)
    return next((f"{error.json_path}: {error.message}" for error in errors), None)
