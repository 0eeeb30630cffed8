"""Headers of an answer that depend on its request: old spellings, ignored parameters, the caller's rate limit.

Whoever finds out notes them with the request, so that every answer to it has them, also an error.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import azure.functions as func

from shared.api.deprecation import DEPRECATION_HEADERS

_headers: WeakKeyDictionary[func.HttpRequest, dict[str, str]] = WeakKeyDictionary()


def note(req: func.HttpRequest, **headers: str) -> None:
    """Note headers for the answer to a request; an underscore in a name stands for a hyphen."""
    _headers.setdefault(req, {}).update({name.replace("_", "-"): text for name, text in headers.items()})


def mark_deprecated(req: func.HttpRequest) -> None:
    """Note that a request uses an old spelling: its answer has the headers Deprecation and Sunset."""
    note(req, **DEPRECATION_HEADERS)


def deprecated(response: func.HttpResponse) -> func.HttpResponse:
    """Return an answer with the headers of an old spelling, where no request is noted."""
    response.headers.update(DEPRECATION_HEADERS)
    return response


def with_headers(req: func.HttpRequest, response: func.HttpResponse) -> func.HttpResponse:
    """Return the answer to a request with the headers that were noted."""
    response.headers.update(_headers.get(req, {}))
    return response
