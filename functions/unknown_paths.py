"""Answers what no other function takes: 404 for an unknown path, 405 with Allow, 501 for a feature that is off.

The host tries the routes in the order of the functions' names (azure-functions-host, issue 9876), and this one fits
every path: so its name must be the last. It is async, because it never blocks and needs no thread.
"""

import azure.functions as func

from functions.responses import problem
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here


@blueprint.route("{*path}", auth_level=func.AuthLevel.ANONYMOUS)
async def zz_unknown(req: func.HttpRequest) -> func.HttpResponse:
    """Return the problem. Nothing of the request is read but its method and path."""
    from shared.api.contract import contract
    from shared.api.unknown_paths import answer_to

    features = relay().settings.switched_on
    answer = answer_to(req.method, req.route_params.get("path", ""), contract(), features)
    response = problem(answer.problem, answer.detail)
    if answer.allowed:
        response.headers["Allow"] = ", ".join(answer.allowed)
    return response
