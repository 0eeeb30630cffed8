"""The contract as a machine reads it. Anonymous: it tells what is in the public documentation, and no setting."""

import azure.functions as func

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
KEEP = "public, max-age=3600"


@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return the OpenAPI document, or 304 to who has it already."""
    from shared.contract.document import etag, text

    headers = {"ETag": etag(), "Cache-Control": KEEP}
    if etag() in req.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(text(), headers=headers, mimetype="application/json")
