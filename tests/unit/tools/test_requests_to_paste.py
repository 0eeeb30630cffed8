"""docs/examples/requests.http has every operation of the document once, ready to be sent."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.process import ROOT
from tests.support.openapi import DOCUMENT, operation, schema_error
from tools.openapi.document import document
from tools.requests_to_paste import text

FILE = (ROOT / "docs" / "examples" / "requests.http").read_text(encoding="utf-8")
BASE = "api"


@dataclass(frozen=True)
class Pasted:
    """A request of the file, with its variables replaced."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str

    @property
    def operation(self) -> dict[str, Any]:
        """The operation of the document that it calls."""
        described = operation(self.method, self.path)
        assert described is not None, self
        return described


def pasted() -> list[Pasted]:
    """Return the requests of the file."""
    variables = dict(re.findall(r"^@(\w+) = (.+)$", FILE, re.M))
    replaced = re.sub(r"\{\{(\w+)\}\}", lambda match: str(variables[match[1]]), FILE)
    return [_parsed(block) for block in replaced.split("\n### ")[1:]]


def _parsed(block: str) -> Pasted:
    head, _, body = block.partition("\n\n")
    _name, line, *headers = head.splitlines()
    method, _, url = line.partition(" ")
    address = urlsplit(url)
    _, base, path = address.path.partition(f"/{BASE}")
    assert (address.scheme, base) == ("https", f"/{BASE}")
    pairs = (header.partition(": ") for header in headers)
    return Pasted(method, path, parse_qs(address.query), {name: value for name, _, value in pairs}, body)


def test_the_file_matches_the_document() -> None:
    """`python -m tools.openapi` would write the same."""
    assert text(document()) == FILE


def test_every_operation_occurs_once() -> None:
    """No operation is missing, and none occurs twice."""
    described = [each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()]
    assert Counter(each.operation["operationId"] for each in pasted()) == Counter(described)


def test_every_body_is_accepted() -> None:
    """A body matches its schema; a request without one needs none."""
    for each in pasted():
        body = each.operation.get("requestBody")
        assert bool(each.body.strip()) == (body is not None)
        if body:
            assert each.headers["Content-Type"] == "application/json"
            schema = body["content"]["application/json"]["schema"]
            assert schema_error(schema, json.loads(each.body)) is None, each


def test_every_parameter_that_is_required_is_sent() -> None:
    """No request has an empty part in its path or lacks a query parameter, and each value matches its schema."""
    for each in pasted():
        assert "//" not in each.path
        for parameter in each.operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            values = each.query.get(parameter["name"], [])
            assert values or not parameter.get("required"), each
            kind = int if parameter["schema"].get("type") == "integer" else str
            assert [error for value in values if (error := schema_error(parameter["schema"], kind(value)))] == []


def test_every_request_has_the_credential_of_its_operation() -> None:
    """The master key, the function key, or none."""
    for each in pasted():
        schemes = {scheme for alternative in each.operation["security"] for scheme in alternative}
        wanted = "MASTER-KEY" if "masterKey" in schemes else "KEY" if "functionKey" in schemes else None
        assert each.headers.get("x-functions-key") == wanted, each
