"""Builds HTTP responses: JSON, and problem details (RFC 9457) for every RelayError."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from typing import Any

import azure.functions as func

from shared import bodies, problems
from shared.errors import ConfigurationError, RelayError, RequestRejected, ServiceUnavailable, Unauthenticated
from shared.problems import Problem

LARGEST_PAGE = 1000
TRIED_AGAIN = (429, 503)
RETRY_SECONDS = 30
LOGGED_EVERY = 60.0  # seconds
MOST_LOGGED = 100  # texts that are remembered
_logged: dict[str, float] = {}
CORRECT_IT = "The customer's IT must correct the relay's configuration."
# An answer may hold personal data: no cache keeps it, and no browser reads it as another type.
UNCACHED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_logger = logging.getLogger("relay.http")


def json_response(status: int, content: Any, **headers: str) -> func.HttpResponse:
    """Return a JSON response."""
    sent = UNCACHED | _wait(status, None) | headers
    return func.HttpResponse(_encoded(content), status_code=status, headers=sent, mimetype="application/json")


def problem(kind: Problem, detail: str, retry_after: float | None = None, **more: Any) -> func.HttpResponse:
    """Return problem details. `detail` says what to do; `retry_after` is in seconds; `more` are extension members."""
    content = {**problem_members(kind, detail), **more}
    return func.HttpResponse(
        _encoded(content),
        status_code=kind.status,
        headers=UNCACHED | _wait(kind.status, retry_after),
        mimetype="application/problem+json",
    )


def _wait(status: int, seconds: float | None) -> dict[str, str]:
    """Return the header Retry-After. Where nobody knows how long, those that may be sent again wait RETRY_SECONDS."""
    if seconds is None and status in TRIED_AGAIN:
        seconds = RETRY_SECONDS
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}


def _encoded(content: Any) -> bytes:
    """Return content as JSON in UTF-8. A lone surrogate, for instance of a title cut in half, becomes an escape."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def problem_members(kind: Problem, detail: str) -> dict[str, Any]:
    """Return the members of a problem, for problem details and for the results of a multi-mailbox call."""
    return {"type": kind.type, "title": kind.title, "status": kind.status, "code": kind.code, "detail": detail}


def problem_of(error: RelayError, *, is_recognized: bool = True) -> func.HttpResponse:
    """Return the problem details of an error. `is_recognized`: the caller is authenticated, and may read names of
    settings and secrets.
    """
    kind, detail, retry_after = problem_fields(error, is_logged=is_recognized or _is_new(str(error)))
    response = problem(kind, detail if is_recognized else _nameless(error, detail), retry_after)
    if isinstance(error, Unauthenticated):  # RFC 6750: without a token the header names no error
        error_code = "" if error.reason in ("missing", "principal") else ', error="invalid_token"'
        response.headers["WWW-Authenticate"] = f'Bearer realm="calendar-relay"{error_code}'
    return response


def _is_new(text: str) -> bool:
    """Return whether an error of anonymous requests was not logged for LOGGED_EVERY: strangers can repeat it."""
    now = time.monotonic()
    if now - _logged.get(text, -LOGGED_EVERY) < LOGGED_EVERY:
        return False
    if len(_logged) >= MOST_LOGGED:
        _logged.clear()
    _logged[text] = now
    return True


def problem_fields(error: RelayError, *, is_logged: bool = True) -> tuple[Problem, str, float | None]:
    """Return the problem, detail and Retry-After of an error. This is the only mapping from errors to problems."""
    if isinstance(error, RequestRejected):
        return error.problem, str(error), error.retry_after
    if isinstance(error, Unauthenticated):
        return problems.UNAUTHENTICATED, str(error), None
    if is_logged:
        _logger.error("A call could not be served: %s", error)
    if isinstance(error, ConfigurationError):
        return problems.RELAY_MISCONFIGURED, f"{CORRECT_IT} {error}", 300
    wait = error.retry_after if isinstance(error, ServiceUnavailable) else None
    return problems.RELAY_UNAVAILABLE, f"Try again soon. {error}", wait


def _nameless(error: RelayError, detail: str) -> str:
    """Return the detail for anybody: one sentence in place of what is wrong with the configuration."""
    if isinstance(error, ConfigurationError):
        return CORRECT_IT
    return f"Try again soon: {error}." if isinstance(error, ServiceUnavailable) else detail


def page_size(req: func.HttpRequest) -> int:
    """Return the parameter pageSize. Raises RequestRejected 422 if it is invalid."""
    text = req.params.get("pageSize", "100")
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise RequestRejected(problems.INVALID_PARAMETER, f"pageSize must be a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises RequestRejected: 413 for too many items, 400 if it is no JSON object,
    422 for a text with a lone surrogate. So each text can be sent, stored and returned.
    """
    try:
        content = bodies.parsed_as_text(body)
    except bodies.TooManyItems as error:
        raise RequestRejected(problems.TOO_MANY_ITEMS, str(error)) from None
    except bodies.LoneSurrogate as error:
        raise RequestRejected(problems.INVALID_REQUEST, str(error)) from None
    except bodies.NotJson:
        content = None
    if not isinstance(content, dict):
        raise RequestRejected(problems.NOT_A_JSON_OBJECT, 'Send a JSON object in UTF-8, for instance {"mailbox": "…"}.')
    return content
