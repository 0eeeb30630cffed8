"""Claims about the OpenAPI document: it is what the code says, it is sound, and callers with tokens are one rule."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import schemathesis

from sandbox.process import ROOT
from shared.version import VERSION
from tools.openapi.__main__ import WRITTEN
from tools.openapi.deliveries import EventData
from tools.openapi.document import _by_title, document, text
from tools.openapi.fields import schema_name
from tools.openapi.operation import WITH_KEY
from tools.openapi.routes import operations


def test_the_kept_document_is_what_the_code_says() -> None:
    """Byte for byte, that which is served and its copy; `make openapi` writes them."""
    assert [(ROOT / path).read_text() for path in WRITTEN] == [text()] * 2


def test_the_document_is_sound_openapi() -> None:
    """By the schema of OpenAPI 3.1 that schemathesis brings."""
    schemathesis.openapi.from_dict(json.loads(text())).validate()


def test_every_reference_leads_somewhere() -> None:
    """And every schema is used."""
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text()))
    assert named == document()["components"]["schemas"].keys()


def test_a_class_may_have_another_name_than_its_schema() -> None:
    """The title counts, also in references; two models of one title would hide each other."""
    schema, other = {"title": "Public", "type": "object"}, {"title": "B", "$ref": "#/components/schemas/A"}
    public = {"title": "B", "$ref": "#/components/schemas/Public"}
    assert _by_title({"A": schema, "B": other}) == {"Public": schema, "B": public}
    assert EventData.__name__ not in text()
    assert schema_name(EventData) == "ToldEvent"
    with pytest.raises(ValueError, match="the same title"):
        _by_title({"A": schema, "B": schema})


def test_the_version_is_the_projects() -> None:
    """One number for all."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_every_object_that_is_answered_is_closed() -> None:
    """A field that is not told of is a broken contract, not an extra."""
    open_ones = {
        name for name, schema in document()["components"]["schemas"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }  # fmt: skip
    assert open_ones == {"NotificationCollection"}  # Graph may add what it likes


def test_who_has_a_token_finds_every_route_that_asks_for_a_key() -> None:
    """Under /api/entra, with the same answers, and with the token as the only way in."""
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


def test_what_asks_for_no_key_says_so() -> None:
    """An empty list of requirements, which is another thing than none."""
    paths = document()["paths"]
    for operation in operations():
        described = paths[f"/api/{operation.route}"][operation.method]
        assert (described["security"] == []) == (operation.caller in ("anyone", "Microsoft Graph"))
