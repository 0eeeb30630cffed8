"""The OpenAPI document matches the code, is valid, and has one operation for keys and tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from sandbox.process import ROOT
from tools.openapi.__main__ import WRITTEN
from tools.openapi.deliveries import EventData
from tools.openapi.document import document, text
from tools.openapi.fields import schema_name
from tools.openapi.objects.parameters import parameters
from tools.openapi.operation import WITH_KEY, Operation, Query
from tools.openapi.paths import operation_object
from tools.openapi.routes import operations
from tools.openapi.schemas.models import by_title

LINTERS = ("redocly.yaml", ".spectral.yaml")


def described() -> Iterator[tuple[Operation, dict[str, Any]]]:
    """Yield each operation of the table, with that of the document."""
    paths = document()["paths"]
    for operation in operations(entra=False):
        yield operation, paths[f"/{operation.route}"][operation.method]


def test_the_stored_document_is_generated_from_the_code() -> None:
    """The served document and its copy equal the generator's output byte for byte; `make openapi` writes both."""
    assert [(ROOT / path).read_text() for path in WRITTEN] == [text()] * 2


def test_the_document_is_valid_openapi() -> None:
    """The document satisfies the OpenAPI 3.1 schema that schemathesis brings."""
    schemathesis.openapi.from_dict(json.loads(text())).validate()


def test_every_reference_has_a_schema() -> None:
    """Every reference has a schema, and every schema is referenced."""
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text()))
    assert named == document()["components"]["schemas"].keys()


def test_a_class_may_have_another_name_than_its_schema() -> None:
    """The title names the schema, also in references; two models with one title would overwrite each other."""
    schema, other = {"title": "Public", "type": "object"}, {"title": "B", "$ref": "#/components/schemas/A"}
    public = {"title": "B", "$ref": "#/components/schemas/Public"}
    assert by_title({"A": schema, "B": other}) == {"Public": schema, "B": public}
    assert EventData.__name__ not in text()
    assert schema_name(EventData) == "ToldEvent"
    with pytest.raises(ValueError, match="the same title"):
        by_title({"A": schema, "B": schema})


def test_an_operation_stands_once_for_keys_and_tokens() -> None:
    """Each twin for tokens is the same operation with the other base of the server."""
    twins = {one.function.removesuffix("_entra") for one in operations() if one.by_token}
    for operation, shown in described():
        schemes = {scheme for requirement in shown["security"] for scheme in requirement}
        assert ("entraToken" in schemes and len(schemes) > 1) == (operation.caller in WITH_KEY), operation.function
        assert (operation.function in twins) == (operation.caller in WITH_KEY)
    assert not [path for path in document()["paths"] if "entra" in path or path.startswith("/api")]


def test_where_each_operation_is_stands_in_its_description() -> None:
    """Below which base it takes what; one without a key or token is only below the default base."""
    for operation, shown in described():
        is_open = operation.caller not in WITH_KEY
        assert ("Only below `api`." in shown["description"]) == is_open, operation.function
        assert ("below `api/entra`" in shown["description"]) != is_open
        is_public = shown["security"] == [] or {} in shown["security"]  # {}: the token is optional
        assert is_public == (is_open and operation.caller != "Dataverse")  # its webhooks have a secret


def test_links_lead_to_operations() -> None:
    """Each names an operation of the document, and only parameters of its path."""
    ids = {shown["operationId"]: operation for operation, shown in described()}
    links = [link for _, shown in described() for answer in shown["responses"].values()
             for link in answer.get("links", {}).values()]  # fmt: skip
    assert len(links) > 10
    for link in links:
        assert link["parameters"].keys() <= set(re.findall(r"\{(\w+)\}", ids[link["operationId"]].route))


def test_an_old_spelling_is_marked_with_its_dates() -> None:
    """An operation and a parameter: since when, until when, and what to use instead."""
    old = Query("with", "Other mailboxes.", {"type": "string"}, deprecated="Use the body.")
    operation = Operation("list_old", "get", "old", "partner", "List.", {}, query=(old,), deprecated="Use POST /new.")
    shown = operation_object(operation, [operation])
    (parameter,) = parameters(operation)
    assert (shown["deprecated"], parameter["deprecated"]) == (True, True)
    span = "Deprecated since 2026-11-30, accepted until 2027-11-30."
    assert shown["description"].startswith(f"{span} Use POST /new.")
    assert parameter["description"] == f"Other mailboxes. {span} Use the body."


@pytest.mark.parametrize("name", LINTERS)
def test_each_rule_that_a_linter_leaves_out_has_its_reason(name: str) -> None:
    """A comment stands above it."""
    lines = (ROOT / name).read_text().partition("\nrules:\n")[2].splitlines()
    rules = [number for number, line in enumerate(lines) if re.match(r"  [a-z0-9-]+:", line)]
    assert rules
    assert all(lines[number - 1].startswith("  # ") for number in rules)
