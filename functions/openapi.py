"""Serves the OpenAPI document. Anonymous: it holds public documentation only, and no settings."""

import hashlib
from functools import cache

import azure.functions as func

import shared

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
KEEP = "public, max-age=3600"


@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return the OpenAPI document, or 304 if If-None-Match has its etag."""
    text, etag = _document()
    headers = {"ETag": etag, "Cache-Control": KEEP}
    if etag in req.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(text, headers=headers, mimetype="application/json")


@cache
def _document() -> tuple[str, str]:
    """Return the document shipped with the app, and its etag; read at the first call."""
    from pathlib import Path  # imported here to keep the cold start short

    text = (Path(shared.__path__[0]) / "openapi.json").read_text(encoding="utf-8")
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
