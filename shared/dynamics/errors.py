"""The errors of Dataverse, by status and code ("Compose HTTP requests and handle errors"; "Service protection API
limits"). The code may be empty. The message is never kept: it may quote a row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.errors import RelayError
from shared.http.retry_after import seconds_of

NO_SUCH_ROW = "0x80040217"
TOKEN_EXPIRED = "0x80044352"  # noqa: S105  (the code of a delta token that is too old)
TRACKING_OFF = "0x80044340"
# "Web service error codes": a request that is wrong in itself, whatever it asks for, such as an unknown column or bind
# name, or a table without optimistic concurrency
_MALFORMED = frozenset({"0x80048d19", "0x80060888", "0x8006088d"})
_PASSING = frozenset({"0x80040216"})  # an unexpected error of the platform
_CODE = re.compile(r"0x[0-9a-fA-F]{8}")
_RIGHT = re.compile(r"\bprv[A-Za-z]{3,80}\b")


PAUSING = (429, 503)  # nobody calls for a while: see shared.dataverse.call_breaker


class DynamicsError(RelayError):
    """An error response of Dataverse. `code`: 0x and eight digits, "" if there was none. `right`: a missing one."""

    def __init__(self, status: int, code: str = "", retry_after: float | None = None, right: str = "") -> None:
        super().__init__(f"Dataverse answered {status} {code or 'without a code'}")
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.right = right


class DynamicsRefused(DynamicsError):
    """401, also with a new token, or 403: no application user, or a right is missing."""


class RowGone(DynamicsError):
    """404 with the code of a row that does not exist. Any other 404 is DynamicsRejected: it says nothing of the row."""


class RowChanged(DynamicsError):
    """412: the row was changed since it was read, or exists already."""


class DynamicsRejected(DynamicsError):
    """Another 4xx: the request itself is wrong."""


class DynamicsUnavailable(DynamicsError):
    """429, 5xx or no response (status 0): try again, after `retry_after` seconds if given."""


def is_pause(error: RelayError) -> bool:
    """Return whether Dataverse may not be called now, which says nothing of what was asked for."""
    return isinstance(error, DynamicsUnavailable) and error.status in PAUSING


def is_refusal(error: DynamicsError) -> bool:
    """Return whether what a write asks for is refused, by a rule of the platform or of the customer."""
    return isinstance(error, DynamicsRejected) and error.status == 400 and error.code not in _MALFORMED


def error_of(status: int, content: object, headers: Mapping[str, str]) -> DynamicsError:
    """Return the exception for a response: the only place that maps statuses to errors."""
    error = content.get("error") if isinstance(content, dict) else None
    given = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    code = given[0].lower() if isinstance(given[0], str) and _CODE.fullmatch(given[0]) else ""
    wait = seconds_of(headers.get("Retry-After"))
    if status in (401, 403):
        named = _RIGHT.search(given[1]) if isinstance(given[1], str) else None
        return DynamicsRefused(status, code, wait, named[0] if named else "")
    if status == 404 and code == NO_SUCH_ROW:
        return RowGone(status, code, wait)
    if code == TOKEN_EXPIRED:
        return DynamicsRejected(status, code, wait)
    if status < 400 or status in (408, 429) or status >= 500 or code in _PASSING:
        return DynamicsUnavailable(status, code, wait)
    return RowChanged(status, code, wait) if status == 412 else DynamicsRejected(status, code, wait)
