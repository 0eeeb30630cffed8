"""The validation of a notification endpoint before a subscription is created.

Graph: Receive change notifications through webhooks, "notificationUrl validation".
"""

import uuid
from urllib.parse import quote_plus

from sandbox.tenant.graph.callbacks import Callbacks, Reply
from sandbox.tenant.graph.errors import GraphError, bad_request


def new_token() -> str:
    """Return a token as in server logs (with spaces and colons), plus characters that wrong decoding changes."""
    text = "Validation: Testing client application reachability for subscription Request-Id:"
    return f"{text} {uuid.uuid4()} 1+1 %41 100%"


async def validate(callbacks: Callbacks, url: str, limit: float) -> None:
    """POST a token to the URL and expect it back. Raises GraphError (400 ValidationError) otherwise."""
    token = new_token()
    address = f"{url}{'&' if '?' in url else '?'}validationToken={quote_plus(token)}"
    reply = await callbacks.post(address, b"", {"Content-Type": "text/plain; charset=utf-8"}, limit)
    if (fault := _fault(reply, token)) is not None:
        raise _refusal(fault)


def _fault(reply: Reply, token: str) -> str | None:
    """Return what is wrong with an endpoint's response, or None."""
    if reply.failure == "timeout":
        return "Subscription validation request timed out."
    if reply.failure:
        return f"Subscription validation request failed. Notification endpoint could not be reached: {reply.failure}"
    if reply.status != 200:
        return f"Subscription validation request failed. Must respond with 200 OK to this request, got {reply.status}."
    if reply.media_type.partition(";")[0].strip().lower() != "text/plain":
        return f"Subscription validation request failed. Content-Type must be text/plain, got '{reply.media_type}'."
    if reply.body != token.encode():
        return "Subscription validation request failed. Response must exactly match validationToken query parameter."
    return None


def _refusal(text: str) -> GraphError:
    """Return the 400 for a failed validation."""
    return bad_request(text, "ValidationError")
