"""Serves the OpenAPI document. Anonymous: it holds public documentation only, and no settings.

Anybody may ask, so it is sent as small as it can be: compressed, or without white space to who does not accept that.
Version 1 of the contract is kept as it was, for clients that are generated from it.
"""

import gzip
import hashlib
import json
from functools import cache
from typing import Any, NamedTuple

import azure.functions as func

import shared
from functions.answer_headers import deprecated
from functions.open_routes import open_route
from functions.responses import problem
from shared import problems

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
KEEP = "public, max-age=86400"
PRESENT, FORMER = "openapi.json", "openapi-1.json"
FILES = {None: PRESENT, "2": PRESENT, "2.0": PRESENT, "1": FORMER, "1.0": FORMER}  # by version of the contract
VERSION_UNKNOWN = "version: send 1 or 2, or leave it out for the present version of the contract."


class Document(NamedTuple):
    """The document in its shortest text, the whole document compressed by gzip, and a hash of it."""

    text: bytes
    compressed: bytes
    hash: str


@open_route(blueprint, "openapi.json")
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return the OpenAPI document of a version of the contract, or 304 if If-None-Match has its etag."""
    file = FILES.get(req.params.get("version"))
    if file is None:
        return problem(problems.INVALID_PARAMETER, VERSION_UNKNOWN)
    response = _response(req, _document(file))
    return deprecated(response) if file == FORMER else response


def _response(req: func.HttpRequest, document: Document) -> func.HttpResponse:
    is_compressed = accepts_gzip(req.headers.get("accept-encoding", ""))
    etag = f'"{document.hash}-gzip"' if is_compressed else f'"{document.hash}"'
    headers = {"ETag": etag, "Cache-Control": KEEP, "Vary": "Accept-Encoding"}
    if document.hash in req.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    return func.HttpResponse(
        document.compressed if is_compressed else document.text, headers=headers, mimetype="application/json"
    )


def accepts_gzip(header: str) -> bool:
    """Return whether an Accept-Encoding names gzip, not with the weight 0 ("RFC 9110, section 12.5.3"). Pure."""
    for part in header.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        if name == "gzip":
            return not any(each.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for each in parameters)
    return False


@cache
def _document(file: str) -> Document:
    """Return a document shipped with the app; read at the first call."""
    from pathlib import Path  # imported here to keep the cold start short

    content = json.loads((Path(shared.__path__[0]) / file).read_bytes())
    whole = _text(content)
    shortest = _text(with_common_responses(content))
    return Document(shortest, gzip.compress(whole, mtime=0), hashlib.sha256(whole).hexdigest()[:32])


def with_common_responses(content: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose responses of problems stand once, in its components. Pure. ("Reference Object")

    Each operation repeats the same dozen: they are most of the text.
    """
    common: dict[str, str] = {}  # the name of each response, by its text

    def referred(status: str, response: dict[str, Any]) -> dict[str, Any]:
        if status < "400":
            return response
        name = common.setdefault(_text(response).decode(), f"{status}.{len(common)}")
        return {"$ref": f"#/components/responses/{name}"}

    paths = {
        path: {
            method: operation | {"responses": {status: referred(status, response) for status, response in
                                               operation["responses"].items()}}
            for method, operation in methods.items()
        }
        for path, methods in content["paths"].items()
    }  # fmt: skip
    responses = {name: json.loads(text) for text, name in common.items()}
    return content | {"paths": paths, "components": content["components"] | {"responses": responses}}


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
