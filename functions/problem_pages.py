"""Explains a kind of problem: the address that `type` of problem details leads to. Anonymous: it is documentation."""

import azure.functions as func

from functions.open_routes import open_route
from functions.responses import problem
from shared import problems

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
HEADERS = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}


@open_route(blueprint, "problems/{code}")
def get_problem(req: func.HttpRequest) -> func.HttpResponse:
    """Return what a code means, what to do, and whether to try again, as a short text."""
    from shared.api.problem_pages import page_of

    page = page_of(req.route_params["code"])
    if page is None:
        return problem(problems.PROBLEM_UNKNOWN, "Use the code of a problem as it was sent.")
    return func.HttpResponse(page.text, headers=HEADERS, mimetype="text/plain", charset="utf-8")
