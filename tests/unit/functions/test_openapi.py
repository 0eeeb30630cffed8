"""The route of the OpenAPI document: small, with its etag."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import azure.functions as func
import pytest

from functions.openapi import accepts_gzip, openapi
from sandbox.process import ROOT
from tests.unit.functions.conftest import call

PACKAGED = json.loads((ROOT / "shared" / "openapi.json").read_text())
FORMER = json.loads((ROOT / "shared" / "openapi-1.json").read_text())
GZIP = {"accept-encoding": "gzip, deflate, br"}


def document(version: str | None = None, **headers: str) -> func.HttpResponse:
    """Ask for the document, or for that of a version."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    params = {} if version is None else {"version": version}
    return call(openapi, "GET", "openapi.json", headers=named, params=params)


def test_a_client_with_gzip_gets_the_packaged_document_in_less_than_32_kb() -> None:
    """Anybody may ask for it, and its bytes are paid for."""
    response = document(accept_encoding=GZIP["accept-encoding"])
    assert (response.status_code, response.headers["Content-Encoding"]) == (200, "gzip")
    assert json.loads(gzip.decompress(response.get_body())) == PACKAGED
    assert len(response.get_body()) < 32_000


def test_a_client_without_gzip_gets_less_than_250_kb() -> None:
    """Without white space; the responses of problems stand once, and mean the same."""
    response = document()
    assert "Content-Encoding" not in response.headers
    assert len(response.get_body()) < 250_000
    content = json.loads(response.get_body())
    assert resolved(content, content.pop("components")["responses"])["paths"] == PACKAGED["paths"]
    assert json.loads(response.get_body())["components"]["schemas"] == PACKAGED["components"]["schemas"]


def resolved(content: Any, responses: dict[str, Any]) -> Any:
    """Return a document with its references to responses replaced by what they name."""
    if isinstance(content, list):
        return [resolved(each, responses) for each in content]
    if not isinstance(content, dict):
        return content
    place, _, name = content.get("$ref", "").rpartition("/") if isinstance(content.get("$ref"), str) else ("", "", "")
    if place == "#/components/responses":
        return responses[name]
    return {key: resolved(each, responses) for key, each in content.items()}


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True), ("deflate, GZIP;q=0.5", True), ("", False), ("br", False), ("gzip;q=0", False),
        ("gzip; q = 0.000", False), ("x-gzip-not", False), ("identity", False),
    ],
)  # fmt: skip
def test_the_header_says_whether_gzip_is_accepted(header: str, *, accepted: bool) -> None:
    """The weight 0 means no."""
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_a_matching_etag_is_304(headers: dict[str, str]) -> None:
    """The response is empty; If-None-Match may hold several etags. It may be kept for a day, for each encoding."""
    first = call(openapi, "GET", "openapi.json", headers=headers)
    etag = first.headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}(-gzip)?"', etag)
    assert (first.headers["Cache-Control"], first.headers["Vary"]) == ("public, max-age=86400", "Accept-Encoding")
    response = call(openapi, "GET", "openapi.json", headers={**headers, "if-none-match": f'"another", {etag}'})
    assert (response.status_code, response.get_body()) == (304, b"")


def test_the_encodings_have_different_etags() -> None:
    """They are different bytes ("RFC 9110, section 8.8.3")."""
    assert document().headers["ETag"] != document(accept_encoding="gzip").headers["ETag"]


@pytest.mark.parametrize("version", ["1", "1.0"])
def test_version_1_of_the_contract_is_served_as_it_was_and_says_until_when(version: str) -> None:
    """Clients that were generated from it still find it for a year (RFC 9745, RFC 8594)."""
    response = document(version)
    content = json.loads(response.get_body())
    assert response.status_code == 200
    assert resolved(content, content.pop("components")["responses"])["paths"] == FORMER["paths"]
    assert (response.headers["Deprecation"], response.headers["Sunset"]) == (
        "@1795996800", "Tue, 30 Nov 2027 00:00:00 GMT",
    )  # fmt: skip
    assert response.headers["ETag"] != document().headers["ETag"]


@pytest.mark.parametrize("version", [None, "2", "2.0"])
def test_version_2_is_the_present_version(version: str | None) -> None:
    """With its number or without; it is not deprecated."""
    response = document(version)
    assert json.loads(response.get_body())["info"]["version"] == "2.0"
    assert "Deprecation" not in response.headers
    assert "Sunset" not in response.headers


@pytest.mark.parametrize("version", ["", "0", "3", "1.1", "../openapi-1", "\ud800"])
def test_another_version_is_refused_with_those_there_are(version: str) -> None:
    """Never another document than the one that was asked for, and never another file."""
    response = document(version)
    content = json.loads(response.get_body())
    assert (response.status_code, content["code"]) == (422, "invalid_parameter")
    assert "1 or 2" in content["detail"]


def test_version_1_has_the_paths_of_before() -> None:
    """With their prefix, a twin for tokens of each operation, and the ids of before."""
    operations = [one for methods in FORMER["paths"].values() for one in methods.values()]
    ids = {one["operationId"] for one in operations}
    assert {"create_subscription", "create_subscription_entra", "list_slots", "openapi"} <= ids
    assert all(path.startswith("/api/") for path in FORMER["paths"])
