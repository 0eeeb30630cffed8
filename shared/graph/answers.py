"""Map Graph's error responses to the relay's errors. Pure.

Reference: "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance". The codes alone
do not tell a quota from a rate, and do not name an existing subscription or the longest lifetime. The message does, in
a form that is not documented. It is parsed here for numbers and ids of a strict form, and never kept: it may quote the
request. The patterns are from public reports; what they do not match is treated as the status alone says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnauthorized,
    GraphUnavailable,
)
from shared.http.retry_after import seconds_of

A_DAY = 86_400.0  # seconds; a longer Retry-After ("12/31/9999") means that waiting does not help
MESSAGE_LENGTH = 2_000  # characters that are parsed

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MEANING: dict[int, type[GraphError]] = {
    401: GraphUnauthorized, 403: GraphForbidden, 404: GraphNotFound, 410: GraphNotFound
}  # fmt: skip
_FLAGS = re.IGNORECASE
# What passes by itself, whatever status it has: codes of Exchange ("ResponseCode (Exchange Web Services)") and Graph.
_PASSING_STATUSES = frozenset({408, 423, 425, 449})  # a timeout, a lock, too early, try again
_PASSING = re.compile(
    "MoveInProgress|Transient|ServerBusy|Unavailable$|Time(?:d)?-?out|InternalServerError|Failover|InfoStale|Throttl|"
    "TooManyRequests|ConnectionCount|ConnectionFailed|InsufficientResources|NotEnoughMemory|Locked$|Quarantined|"
    "InTransit|Congest|TooManyObjectsOpened|NoRespondingCAS|ProxyRequestProcessingFailed|ServiceNotAvailable",
    _FLAGS,
)
# Such as "Resource 'SubscriptionCountReached' has reached limit of '1000'. Please retry after '12/31/9999 …'"
# and "App '…' has reached its limit of '1' '…' subscription on tenant '…'"
_QUOTA_STATUSES = frozenset({400, 403, 413, 429, 507})  # with a code that names a quota, such as ErrorQuotaExceeded
_QUOTA_CODE = re.compile("quota|CountReached|ExceededSubscriptionCount", _FLAGS)
_QUOTA = re.compile(r"'\w*CountReached'|reached (?:its |the )?limit of|\bexceed\w* [\w ]{0,60}\bquota\b", _FLAGS)
_QUOTA_NAME = re.compile(r"Resource '([A-Za-z]{1,60})' has reached", _FLAGS)
_RETRY_AT = re.compile(r"retry after '?(\d{1,2})/(\d{1,2})/(\d{4})\b", _FLAGS)
# "Application is over its RequestRate limit." counts for all calls, "…its MailboxConcurrency limit." for one mailbox
_RATE = re.compile(r"TooManyRequests|too many requests|throttl|activityLimitReached|RequestRate|rate limit", _FLAGS)
_MAILBOX = re.compile("mailbox", _FLAGS)
_WRAPPED_STATUS = re.compile(r"Status Code: \w+", _FLAGS)  # of an inner error: repeats the status, in words
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_EXISTING = re.compile(rf"Subscription Id '?({_ID})'? already exists", _FLAGS)
_EXISTING_EVENT = "@event.existingEventId"  # a member of the error ErrorDuplicateTransactionId; not documented
_MINUTES = re.compile(r"expiration can only be (\d{1,6}) minutes", _FLAGS)
_TIME_SPAN = re.compile(r"beyond allowed max '(?:(\d{1,3})\.)?(\d{2}):(\d{2}):\d{2}", _FLAGS)  # .NET: days.hh:mm:ss


def error_of(status: int, content: object, headers: Mapping[str, str]) -> GraphError:
    """Return the exception for a response: the only place that maps statuses to errors."""
    code, message = _code_and_message(content)
    request_id, wait = headers.get("request-id", ""), _wait(message, headers)
    is_endless = wait is not None and wait > A_DAY
    wait = None if is_endless else wait
    is_quota = status in _QUOTA_STATUSES and _QUOTA_CODE.search(code) is not None
    is_quota |= status in (403, 429) and _QUOTA.search(message) is not None
    if (status == 429 and is_endless) or is_quota:
        name = _QUOTA_NAME.search(message)
        return GraphQuotaExceeded(status, name[1] if name else code, request_id, wait)
    if status < 400 or status == 429 or status >= 500 or status in _PASSING_STATUSES or is_passing(code):
        return GraphUnavailable(status, code, request_id, wait, is_rate=status == 429 and _is_rate(code, message))
    if status == 409:
        return GraphConflict(status, code, request_id, wait, existing_id=_existing_id(content, message))
    if status in _MEANING:
        return _MEANING[status](status, code, request_id, wait)
    longest = _longest_minutes(code, message) if status == 400 else None
    existing = _existing_id(content, message)
    return GraphRejected(status, code, request_id, wait, longest_minutes=longest, existing_id=existing)


def is_passing(code: str) -> bool:
    """Return whether an error code is about something that passes by itself, such as a mailbox that is being moved."""
    return _PASSING.search(code) is not None


def items_of(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the items of a page of a list. Raises GraphUnavailable if it has none to read: that is no empty list."""
    items = page.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise GraphUnavailable(200, "UnreadableList")
    return items


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the server's time from the header Date, to the second; None without a valid one."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _code_and_message(content: object) -> tuple[str, str]:
    error = content.get("error") if isinstance(content, dict) else None
    code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    readable = isinstance(code, str) and _CODE.fullmatch(code)
    return str(code) if readable else "Unreadable", message[:MESSAGE_LENGTH] if isinstance(message, str) else ""


def _existing_id(content: object, message: str) -> str:
    """Return the id of the subscription, or of the event with the same transactionId, that Graph says exists."""
    error = content.get("error") if isinstance(content, dict) else None
    event = error.get(_EXISTING_EVENT) if isinstance(error, dict) else None
    if isinstance(event, str):
        return event
    subscription = _EXISTING.search(message)
    return subscription[1] if subscription else ""


def _wait(message: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, from Retry-After or a date in the message. Dates are compared with the header Date,
    not with this computer's clock.
    """
    now, header = server_time(headers) or datetime.now(UTC), headers.get("Retry-After", "")
    wait, date = seconds_of(header, now), _RETRY_AT.search(f"{message} retry after {header}")
    if date is None:
        return wait
    month, day, year = map(int, date.groups())
    try:
        until = (datetime(year, month, day, tzinfo=UTC) - now).total_seconds()
    except ValueError:
        return wait
    return max(until, wait or 0.0) if until > A_DAY else wait  # sooner: without the time of day, it says nothing


def _is_rate(code: str, message: str) -> bool:
    """Return whether a 429 says that the app calls too often. A limit of one mailbox, or no reason, says nothing."""
    text = f"{code} {_WRAPPED_STATUS.sub('', message)}"
    return _RATE.search(text) is not None and _MAILBOX.search(text) is None


def _longest_minutes(code: str, message: str) -> int | None:
    if minutes := _MINUTES.search(message):
        return int(minutes[1])
    if span := _TIME_SPAN.search(message):
        days, hours, more = (int(part or 0) for part in span.groups())
        return int(timedelta(days=days, hours=hours, minutes=more).total_seconds()) // 60
    return 0 if "expiration" in f"{code} {message}".lower() else None
