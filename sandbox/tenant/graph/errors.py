"""Graph's errors: one exception with the status, code and message that Graph returns.

Graph: Microsoft Graph error responses and resource types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

ONLY_DELEGATED = "/me request is only valid with delegated authentication flow."


class GraphError(Exception):
    """A call that Graph rejects; `code`, `message` and `members` are those of the response's error object."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **members: str
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.members = members

    def body(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the JSON body: error.code, error.message, and innerError with the date and both request ids."""
        inner = {
            "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": {"code": self.code, "message": self.message, **self.members, "innerError": inner}}


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """Return a 400."""
    return GraphError(400, code, message)


def access_denied() -> GraphError:
    """Return Exchange's 403, for a missing role and for a mailbox outside the app's scope."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def insufficient_privileges() -> GraphError:
    """Return the directory's 403."""
    text = "Insufficient privileges to complete the operation."
    return GraphError(403, "Authorization_RequestDenied", text)


def item_not_found() -> GraphError:
    """Return the 404 for an event that is not in the mailbox."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def invalid_user(name: str) -> GraphError:
    """Return the 404 for an unknown mailbox; the code depends on whether it was named by address or object id."""
    if "@" in name:
        return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    return GraphError(404, "ResourceNotFound", "Resource could not be discovered.")


def unknown_segment(segment: str) -> GraphError:
    """Return the 400 for a path that is not in Graph's model."""
    return bad_request(f"Resource not found for the segment '{segment}'.")


def of_subscription(operation: str, inner: GraphError) -> GraphError:
    """Wrap Exchange's error about a subscription's mailbox, as the subscription service does."""
    reasons = {403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}
    text = f"[Status Code: {reasons.get(inner.status, 'BadRequest')}; Reason: {inner.message}]"
    return GraphError(inner.status, "ExtensionError", f"Operation: {operation}; Exception: {text}", inner.headers)


def being_moved(code: str) -> GraphError:
    """Return what calls get while a mailbox is moved to another server: 404 for one that has no REST API, or 503."""
    if code == "MailboxNotEnabledForRESTAPI":
        return GraphError(404, code, "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
    return GraphError(503, code, "The mailbox is being moved. Try again later.")
