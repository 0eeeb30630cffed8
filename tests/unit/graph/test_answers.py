"""Graph's error responses: quota or rate, the existing subscription, the longest lifetime."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
from shared.graph.answers import A_DAY, error_of

ID = "c0bba80e-57a3-43a7-bac2-e6f525a76e7c"
COUNT_REACHED = (
    "Operation: Create; Exception: [Status Code: 429; Reason: Resource 'SubscriptionCountReached' has reached limit of "
    "'1000'. Please retry after '12/31/9999 11:59:59 PM']"
)
MAILBOX_LIMIT = (
    "Operation: Create; Exception: [Status Code: Forbidden; Reason: App 'a' has reached its limit of '1' "
    "'USERS/b/EVENTS' subscription on tenant 'c']"
)


def answered(status: int, message: object = "", code: str = "ExtensionError", **headers: str) -> GraphError:
    """Return the error for a response; underscores in names of headers stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_of(status, {"error": {"code": code, "message": message}}, given)


def is_rate(error: GraphError) -> bool:
    """Return whether an error is one that holds back all writes."""
    return isinstance(error, GraphUnavailable) and error.is_rate


@pytest.mark.parametrize(
    ("status", "message", "code", "named"),
    [
        (429, COUNT_REACHED, "ExtensionError", "SubscriptionCountReached"),
        (429, "", "SubscriptionCountReached", "SubscriptionCountReached"),
        (429, "Please retry after '12/31/9999 11:59:59 PM'.", "TooManyRequests", "TooManyRequests"),
        (403, MAILBOX_LIMIT, "ExtensionError", "ExtensionError"),
        (403, "The request would exceed the subscription quota.", "Forbidden", "Forbidden"),
        (403, "", "Directory_QuotaExceeded", "Directory_QuotaExceeded"),
        (429, "", "ErrorExceededSubscriptionCount", "ErrorExceededSubscriptionCount"),
    ],
)
def test_a_quota_is_not_throttling(status: int, message: str, code: str, named: str) -> None:
    """Its error has the name of the quota, or Graph's code; no wait ends it, and it says nothing about other calls."""
    error = answered(status, message, code, Retry_After="5" if "9999" not in message else "")
    assert type(error) is GraphQuotaExceeded
    assert error.code == named
    assert not is_rate(error)


@pytest.mark.parametrize(
    "wait", ["86401", "1e9", "Fri, 31 Dec 9999 23:59:59 GMT", "12/31/9999", "12/31/9999 11:59:59 PM"]
)
def test_a_retry_after_of_more_than_a_day_is_a_refusal(wait: str) -> None:
    """In seconds, as an HTTP date, or as Graph writes dates. The error has no such wait, which no date could hold."""
    error = answered(429, "Too many requests.", "TooManyRequests", Retry_After=wait)
    assert type(error) is GraphQuotaExceeded
    assert error.retry_after is None


@pytest.mark.parametrize(("wait", "seconds"), [("86400", A_DAY), ("7", 7.0), ("1/2/2026", None), ("13/45/2026", None)])
def test_a_retry_after_up_to_a_day_is_throttling(wait: str, seconds: float | None) -> None:
    """Graph's Retry-After is kept; a date that is past or impossible counts as none."""
    error = answered(429, "", "TooManyRequests", Retry_After=wait)
    assert type(error) is GraphUnavailable
    assert error.retry_after == seconds


def test_an_endless_wait_of_a_5xx_is_none() -> None:
    """Whether a write was carried out is unknown, so it is no refusal."""
    error = answered(503, "", "serviceNotAvailable", Retry_After="1e9")
    assert type(error) is GraphUnavailable
    assert error.retry_after is None


def test_a_date_is_compared_with_the_servers_clock() -> None:
    """The clock of this computer may be wrong."""
    dates = {"Date": "Fri, 20 Nov 2020 10:00:00 GMT", "Retry_After": "Fri, 20 Nov 2020 10:00:30 GMT"}
    assert answered(429, "", "TooManyRequests", **dates).retry_after == timedelta(seconds=30).total_seconds()


@pytest.mark.parametrize(
    ("message", "code", "rate"),
    [
        ("Too many requests.", "TooManyRequests", True),
        ("Application is over its RequestRate limit.", "ApplicationThrottled", True),
        ("", "activityLimitReached", True),
        ("The request has been throttled", "UnknownError", True),
        ("Application is over its MailboxConcurrency limit.", "ApplicationThrottled", False),
        ("[Status Code: TooManyRequests; Reason: The mailbox is busy]", "ExtensionError", False),
        ("[Status Code: TooManyRequests; Reason: Server busy]", "ExtensionError", False),
        ("", "UnknownError", False),
        (None, "UnknownError", False),
    ],
)
def test_only_a_429_that_says_so_is_a_rate(message: str | None, code: str, rate: bool) -> None:  # noqa: FBT001  (a table's cell)
    """A limit of one mailbox, and a 429 without a reason, hold back nobody else."""
    error = answered(429, message, code, Retry_After="7")
    assert type(error) is GraphUnavailable
    assert (error.is_rate, error.retry_after) == (rate, 7)
    assert not is_rate(answered(503, message, code))


@pytest.mark.parametrize(
    ("message", "existing"),
    [
        (f"Subscription Id {ID} already exists for the requested combination", ID),
        (f"Operation: Create; Exception: [subscription id '{ID}' already exists]", ID),
        ("Subscription Id ../../me already exists for the requested combination", ""),
        (f"Subscription Id {ID}/x already exists for the requested combination", ""),
        (f"{'x' * 2_000} Subscription Id {ID} already exists", ""),
        ("Conflict", ""), (None, ""), (["x"], ""),
    ],
)  # fmt: skip
def test_a_409_names_the_existing_subscription(message: object, existing: str) -> None:
    """Only an id of the strict form is taken, because it becomes part of a path."""
    error = answered(409, message, "ObjectIdentifierInUse")
    assert isinstance(error, GraphConflict)
    assert error.existing_id == existing


@pytest.mark.parametrize("status", [400, 409])
def test_a_used_transaction_may_name_its_event(status: int) -> None:
    """Whatever the status; anything but a text is no id."""
    code = {"code": "ErrorDuplicateTransactionId"}
    assert error_of(status, {"error": {**code, "@event.existingEventId": "AAMk"}}, {}).existing_id == "AAMk"
    assert error_of(status, {"error": {**code, "@event.existingEventId": 5}}, {}).existing_id == ""
    assert error_of(status, {"error": code}, {}).existing_id == ""


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("Subscription expiration can only be 4230 minutes in the future.", 4230),
        ("Subscription expiration can only be 10070 minutes in the future.", 10_070),
        ("Expiration time '2024-05-19T12:16:55Z' ('-5.23:59' from now) is beyond allowed max '3.00:00:00'.", 4320),
        ("Expiration time 'x' is beyond allowed max '01:00:00'.", 60),
        ("expirationDateTime is invalid.", 0),
        ("Subscription expiration can only be many minutes in the future.", 0),
        ("Subscription validation request timed out.", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_400_about_the_expiry_names_the_longest_lifetime(message: object, minutes: int | None) -> None:
    """It is 0 without a number, and None if the response is about something else."""
    error = answered(400, message)
    assert isinstance(error, GraphRejected)
    assert error.longest_minutes == minutes
    assert answered(403, message).__dict__.get("longest_minutes") is None


@pytest.mark.parametrize(("status", "kind"), [(401, GraphUnauthorized), (403, GraphForbidden)])
def test_refusals_of_the_token_and_of_the_permission_differ(status: int, kind: type[GraphError]) -> None:
    """A 401 says nothing about the mailbox."""
    assert type(answered(status, "Access is denied.")) is kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 503])
def test_the_message_is_not_kept(status: int) -> None:
    """It may quote the request: no attribute of the error has a part of it, except numbers and ids."""
    error = answered(status, f"canary of Ola: {COUNT_REACHED} {MAILBOX_LIMIT}")
    assert "canary" not in repr(vars(error)) + str(error) + repr(error.args)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422])
@pytest.mark.parametrize(
    "code",
    ["ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable", "ErrorInternalServerTransientError",
     "ErrorServerBusy", "ErrorTimeoutExpired", "ErrorMailboxFailover", "ErrorConnectionFailed", "ErrorADUnavailable",
     "ErrorExceededConnectionCount", "ErrorInsufficientResources", "ErrorNotEnoughMemory", "ErrorInternalServerError",
     "MailboxInfoStale", "ApplicationThrottled", "TooManyRequests", "RequestTimeout", "ResourceLocked",
     "ServiceUnavailable", "GatewayTimeout", "ErrorRequestTimedOut", "MailboxInTransit", "ErrorMailboxCongestion",
     "ErrorTooManyObjectsOpened", "ErrorNoRespondingCASInDestinationSite", "ErrorProxyRequestProcessingFailed",
     "serviceNotAvailable"],
)  # fmt: skip
def test_what_passes_by_itself_is_no_rejection(status: int, code: str) -> None:
    """Whatever its status: neither is the request wrong, nor is anything gone or forbidden."""
    error = answered(status, code=code, Retry_After="7")
    assert type(error) is GraphUnavailable
    assert (error.status, error.code, error.retry_after) == (status, code, 7.0)


@pytest.mark.parametrize("status", [408, 423, 425, 449])
def test_a_status_can_say_that_it_passes(status: int) -> None:
    """A timeout, a lock, too early, and try again."""
    assert type(answered(status, code="Unknown")) is GraphUnavailable


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(404, "ErrorItemNotFound", GraphNotFound), (404, "MailboxNotEnabledForRESTAPI", GraphNotFound),
     (403, "ErrorAccessDenied", GraphForbidden), (400, "ErrorInvalidRequest", GraphRejected),
     (400, "ErrorNoFreeBusyAccess", GraphRejected), (400, "ErrorTimeIntervalTooBig", GraphRejected),
     (403, "ErrorProxyRequestNotAllowed", GraphForbidden),
     (400, "ErrorInvalidTimeInterval", GraphRejected), (400, "TimeZoneNotSupportedException", GraphRejected),
     (412, "ErrorIrresolvableConflict", GraphRejected), (409, "ErrorDuplicateTransactionId", GraphConflict)],
)  # fmt: skip
def test_what_does_not_pass_by_itself_stays_what_it_is(status: int, code: str, kind: type[GraphError]) -> None:
    """A code is not taken for another one because of a part of its name."""
    assert type(answered(status, code=code)) is kind


@pytest.mark.parametrize("status", [400, 403, 413, 429, 507])
def test_a_full_mailbox_is_a_quota(status: int) -> None:
    """Neither the times nor the addresses of the request are wrong, and waiting for seconds does not help."""
    assert type(answered(status, code="ErrorQuotaExceeded")) is GraphQuotaExceeded
