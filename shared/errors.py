"""The relay's errors. A class exists only where code handles it differently.

RelayError
├── ConfigurationError    an administrator must change a setting, a secret or a role
├── ServiceUnavailable    a dependency does not respond now: try again later
├── RequestRejected       the caller's request is rejected; says why and what to do
├── Unauthenticated       the caller has no valid token
└── GraphError            Graph responded with an error; has its status, code and request-id
    ├── GraphUnauthorized 401, also with a new token: says nothing about the mailbox or the subscription
    ├── GraphForbidden    403: a permission or scope is missing
    ├── GraphNotFound     404: no such mailbox, event or subscription
    ├── GraphConflict     409: the subscription exists already
    ├── GraphQuotaExceeded  a limit that no wait within a day ends, such as the subscriptions of one mailbox
    ├── GraphRejected     any other 4xx: the request itself is wrong
    └── GraphUnavailable  429, 5xx or no response: try again, after `retry_after` seconds if given

The text of an error never contains a title, a token, a secret or a clientState, because it reaches logs and responses.
"""

from __future__ import annotations

from shared.problems import Problem


class RelayError(Exception):
    """The base class of the relay's own errors."""


class ConfigurationError(RelayError):
    """The setting, secret or role `name` is missing or wrong; the text says what to do."""

    def __init__(self, name: str, what_to_do: str) -> None:
        super().__init__(f"{name}: {what_to_do}")
        self.name = name


class ServiceUnavailable(RelayError):
    """The dependency `what` (storage, Key Vault, login) is unavailable; for `retry_after` seconds, if it says so."""

    def __init__(self, what: str, reason: str = "does not answer", retry_after: float | None = None) -> None:
        super().__init__(f"{what} {reason}")
        self.what = what
        self.reason = reason
        self.retry_after = retry_after


class RequestRejected(RelayError):
    """A rejected request: the problem, what to do, and the seconds to wait before another attempt (None: no retry)."""

    def __init__(self, problem: Problem, what_to_do: str, retry_after: float | None = None) -> None:
        super().__init__(what_to_do)
        self.problem = problem
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.problem.status


class Unauthenticated(RelayError):
    """A caller without a token, or with an invalid one. `reason` is for the counters; callers get a general text."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Send the header Authorization: Bearer with an unexpired token that this tenant issued to your app for the "
            "relay."
        )
        self.reason = reason


class GraphError(RelayError):
    """An error response of Graph. `code` is Graph's error code; `request_id` identifies the call for Microsoft support.

    Graph's message text is omitted, because it may quote the request. `existing_id`: what exists already, "" if Graph
    does not name it.
    """

    existing_id: str = ""

    def __init__(self, status: int, code: str, request_id: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"Graph answered {status} {code} (request-id {request_id or 'unknown'})")
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after


class GraphUnauthorized(GraphError):
    """401 for a token that login has just issued, or that it does not replace. The next call may succeed again."""


class GraphForbidden(GraphError):
    """403: consent or an Exchange scope is missing."""


class GraphNotFound(GraphError):
    """404: the mailbox, the event or the subscription does not exist."""


class GraphConflict(GraphError):
    """409: a subscription for the same resource and changeType exists. Graph names it: `existing_id`, "" if not."""

    def __init__(
        self, status: int, code: str, request_id: str = "", retry_after: float | None = None, *, existing_id: str = ""
    ) -> None:
        super().__init__(status, code, request_id, retry_after)
        self.existing_id = existing_id


class GraphQuotaExceeded(GraphError):
    """A quota is used up (403 or 429), or Retry-After exceeds a day. It concerns one mailbox or resource, not all."""


class GraphRejected(GraphError):
    """Another 4xx: the request is wrong, and a retry does not help.

    `longest_minutes` is the maximum lifetime of a subscription that the response names: 0 if it is about the expiry
    without a number, None if it is about something else.
    """

    def __init__(
        self,
        status: int,
        code: str,
        request_id: str = "",
        retry_after: float | None = None,
        *,
        longest_minutes: int | None = None,
        existing_id: str = "",
    ) -> None:
        super().__init__(status, code, request_id, retry_after)
        self.existing_id = existing_id
        self.longest_minutes = longest_minutes


class GraphUnavailable(GraphError):
    """429, 5xx, or no response (status 0): whether a write was carried out is then unknown, except after a 429.

    `is_rate`: the app exceeds a rate, so that its other calls would be throttled, too.
    """

    def __init__(
        self, status: int, code: str, request_id: str = "", retry_after: float | None = None, *, is_rate: bool = False
    ) -> None:
        super().__init__(status, code, request_id, retry_after)
        self.is_rate = is_rate
