"""The text of docs/examples/requests.http: every operation of the OpenAPI document once.

Its syntax is that of the REST Client of VS Code and of the HTTP client of JetBrains; `python -m tools.openapi` writes
it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

HEAD = """\
# Every operation of the relay once, with the examples of docs/openapi.json.
# With a role instead of a key: set base to api/entra, and replace each line x-functions-key by
#   Authorization: Bearer TOKEN
@host = YOUR-APP.azurewebsites.net
@base = api
@key = KEY
@masterKey = MASTER-KEY
"""
VARIABLES = {
    "mailbox": "room1@contoso.com",
    "subscription": "0f8e6f1b3a7c4d50a6b7c8d9e0f1a2b3",
    "roomList": "7f105c7d2dc5453097cd4e7ae6534c07",
    "replay": "c9d2e4f508a6b7c8d9e0f1a2b3c4d5e6",
    "event": "AAMkAGI1AAAt9AHjAAA=",
    "booking": "1a2b3c4d5e6f70819203a4b5c6d7e8f9",
    "business": "workshop@contoso.com",
    "appointment": "AAMkADKnAAA=",
    "code": "mailbox_not_allowed",
}
# The variable for the {id} below a collection.
IDS = {
    "subscriptions": "subscription",
    "room-lists": "roomList",
    "replays": "replay",
    "events": "event",
    "bookings": "booking",
}
QUERY = {"from": "2026-12-01T00:00:00Z", "to": "2026-12-08T00:00:00Z", "duration": "30", "name": "work"}


def text(document: dict[str, Any]) -> str:
    """Return the file for a document."""
    variables = "".join(f"@{name} = {value}\n" for name, value in VARIABLES.items())
    return HEAD + variables + "".join(_requests(document))


def _requests(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield "\n".join([
                f"\n### {operation['operationId']}: {operation['summary'].partition('. ')[0].rstrip('.')}",
                f"{method.upper()} https://{{{{host}}}}/{_base(operation)}{_path(path)}{_query(operation)}",
                *_credential(operation),
                *_body(operation),
            ]) + "\n"  # fmt: skip


def _base(operation: dict[str, Any]) -> str:
    """Return the base: an operation that needs no credential exists below api only."""
    return "{{base}}" if any(operation["security"]) else "api"


def _path(path: str) -> str:
    """Return a path with the file's variables."""
    path = re.sub(r"/([\w-]+)/\{id\}", lambda match: f"/{match[1]}/{{{IDS[match[1]]}}}", path)
    return re.sub(r"\{(\w+)\}", r"{{\1}}", path)


def _query(operation: dict[str, Any]) -> str:
    """Return the required parameters."""
    required = [
        each["name"] for each in operation.get("parameters", []) if each["in"] == "query" and each.get("required")
    ]
    return "?" * bool(required) + "&".join(f"{name}={QUERY[name]}" for name in required)


def _credential(operation: dict[str, Any]) -> list[str]:
    """Return the header with the key that the operation needs, or nothing."""
    schemes = {scheme for alternative in operation["security"] for scheme in alternative}
    if "masterKey" in schemes:
        return ["x-functions-key: {{masterKey}}"]
    return ["x-functions-key: {{key}}"] if "functionKey" in schemes else []


def _body(operation: dict[str, Any]) -> list[str]:
    """Return the content type and the example of the document, or nothing."""
    if "requestBody" not in operation:
        return []
    example = operation["requestBody"]["content"]["application/json"]["example"]
    return ["Content-Type: application/json", "", json.dumps(example, indent=2, ensure_ascii=False)]
