"""The OpenAPI document matches the code, is valid, and follows one rule for callers with tokens."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis

from sandbox.process import ROOT
from tools.openapi.__main__ import WRITTEN
from tools.openapi.deliveries import EventData
from tools.openapi.document import _by_title, document, text
from tools.openapi.fields import schema_name
from tools.openapi.operation import WITH_KEY
from tools.openapi.routes import operations


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
    assert _by_title({"A": schema, "B": other}) == {"Public": schema, "B": public}
    assert EventData.__name__ not in text()
    assert schema_name(EventData) == "ToldEvent"
    with pytest.raises(ValueError, match="the same title"):
        _by_title({"A": schema, "B": schema})


def test_every_response_object_is_closed() -> None:
    """An undocumented field would break the contract, so no response object allows one."""
    open_ones = {
        name for name, schema in document()["components"]["schemas"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }  # fmt: skip
    assert open_ones == {"NotificationCollection"}  # Graph may add what it likes


def test_every_route_with_a_key_has_a_twin_for_tokens() -> None:
    """The twin is under /api/entra, has the same responses, and accepts only a token."""
    paths: dict[str, Any] = document(entra=True)["paths"]
    for operation in operations(entra=False):
        twin = paths.get(f"/api/entra/{operation.route}", {}).get(operation.method)
        assert (twin is not None) == (operation.caller in WITH_KEY), operation.function
        if twin is not None:
            plain = paths[f"/api/{operation.route}"][operation.method]
            assert twin["security"] == [{"entraToken": []}]
            assert twin["operationId"] == f"{operation.function}_entra"
            assert twin["responses"].keys() == plain["responses"].keys()
            links = [link for answer in twin["responses"].values() for link in answer.get("links", {})]
            assert all(link.endswith("_entra") for link in links)


def test_a_public_route_has_an_empty_list_of_requirements() -> None:
    """An empty list of requirements differs from a missing one, which would mean the default."""
    paths = document()["paths"]
    for operation in operations():
        described = paths[f"/api/{operation.route}"][operation.method]
        is_public = described["security"] == [] or {} in described["security"]  # {}: the token is optional
        assert is_public == (operation.caller in ("anyone", "Microsoft Graph"))
