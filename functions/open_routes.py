"""Registers functions that answer anybody: their errors are problem details, their parameters are checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import azure.functions as func

from functions.answer_headers import with_headers
from functions.parameters import check_parameters
from functions.responses import problem_of
from shared.errors import RelayError

Handler = Callable[[func.HttpRequest], func.HttpResponse]


def open_route(blueprint: func.Blueprint, path: str) -> Callable[[Handler], Any]:
    """Register a handler of GET for anybody."""

    def registered(handler: Handler) -> Any:
        @wraps(handler)
        def answered(req: func.HttpRequest) -> func.HttpResponse:
            try:
                check_parameters(req, handler.__name__, "GET", path)
                response = handler(req)
            except RelayError as error:
                response = problem_of(error, is_recognized=False)
            return with_headers(req, response)

        return blueprint.route(path, methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(answered)

    return registered
