"""The route of the OpenAPI document, with its etag."""

from __future__ import annotations

import re

from functions.openapi import openapi
from sandbox.process import ROOT
from tests.unit.functions.conftest import call


def test_the_document_is_served_with_its_etag() -> None:
    """It is served as packaged; the etag is a hash of the text."""
    response = call(openapi, "GET", "openapi.json")
    assert response.status_code == 200
    assert response.get_body().decode() == (ROOT / "shared" / "openapi.json").read_text()
    assert re.fullmatch('"[0-9a-f]{32}"', response.headers["ETag"])


def test_a_matching_etag_is_304() -> None:
    """The response is empty; If-None-Match may hold several etags."""
    etag = call(openapi, "GET", "openapi.json").headers["ETag"]
    response = call(openapi, "GET", "openapi.json", headers={"if-none-match": f'"another", {etag}'})
    assert (response.status_code, response.get_body()) == (304, b"")
