"""One small tree of errors; a class exists only where somebody acts differently on it.

RelayError
├── ConfigurationError    an administrator has to change a setting, a secret or a role
├── ServiceUnavailable    a part we depend on does not answer now: try again later
├── RequestRejected       the caller's request cannot be granted; says why and what to do
└── GraphError            Graph answered with an error; carries status, code and request-id
    ├── GraphForbidden    403: permission or scope is missing
    ├── GraphNotFound     404: no such mailbox, event or subscription
    ├── GraphConflict     409: the subscription exists already
    ├── GraphRejected     any other 4xx: the request itself is wrong
    └── GraphUnavailable  429, 5xx or no answer: try again, after `retry_after` seconds if Graph said so

No text of an error holds a title, a token, a secret or a clientState: texts reach logs and answers.
"""

from __future__ import annotations

from shared.problems import Problem


class RelayError(Exception):
    """Base of every error that the relay raises on purpose."""


class ConfigurationError(RelayError):
    """The setting (or secret, or role) `name` keeps a function from working; the text says what to do."""

    def __init__(self, name: str, what_to_do: str) -> None:
        super().__init__(f"{name}: {what_to_do}")
        self.name = name


class ServiceUnavailable(RelayError):
    """The part `what` (storage, Key Vault, login) does not answer at the moment."""

    def __init__(self, what: str, reason: str = "does not answer") -> None:
        super().__init__(f"{what} {reason}")
        self.what = what


class RequestRejected(RelayError):
    """A call that cannot be granted: which problem it is, what to do, and for a later try the seconds to wait."""

    def __init__(self, problem: Problem, what_to_do: str, retry_after: float | None = None) -> None:
        super().__init__(what_to_do)
        self.problem = problem
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.problem.status


class Unauthenticated(RelayError):
    """A caller without a token, or with one that is not accepted. `reason` is for the counters: callers hear less."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Send Authorization: Bearer and a token that this tenant's login has issued to your app for the relay, "
            "and that has not expired."
        )
        self.reason = reason


class GraphError(RelayError):
    """An error that Graph answered. `code` is Graph's own, `request_id` finds the call at Microsoft's support.

    Graph's message text is left out on purpose: it may echo what was sent.
    """

    def __init__(self, status: int, code: str, request_id: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"Graph answered {status} {code} (request-id {request_id or 'unknown'})")
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after


class GraphForbidden(GraphError):
    """403: consent, an Exchange scope or a quota stands in the way."""


class GraphNotFound(GraphError):
    """404: the mailbox, the event or the subscription is not there."""


class GraphConflict(GraphError):
    """409: a subscription for the same resource and changeType exists."""


class GraphRejected(GraphError):
    """Another 4xx: Graph will not take this request however often it is sent."""


class GraphUnavailable(GraphError):
    """429, 5xx, or no answer at all (status 0)."""
