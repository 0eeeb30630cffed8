"""Which new subscriptions Graph refuses because of existing ones: duplicates, and the quota of a mailbox.

Graph: Create subscription (409); Microsoft Graph change notifications, quotas. The texts are those of public reports.
"""

from datetime import UTC, datetime
from email.utils import format_datetime

from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.lies import concerns
from sandbox.tenant.graph.registry import Subscription
from sandbox.tenant.graph.service import Graph

PER_MAILBOX = 1_000
"""Limit of active Outlook subscriptions of a mailbox, over all apps."""
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def refuse_surplus(graph: Graph, new: Subscription) -> None:
    """Raise GraphError: 409 for a duplicate, 403 or 429 when the mailbox has reached its limit of subscriptions."""
    existing = graph.registry.of_mailbox(new.mailbox)
    if concerns(graph.lies.quota_reached, new.mailbox):
        raise _quota_reached()
    same = [each for each in existing if each.same_combination(new)]
    hidden = [each for each in same if concerns(graph.lies.not_found, each)]
    if hidden and graph.lies.post_after_not_found == "forbidden":
        raise _limit_reached(new)
    is_twin = concerns(graph.lies.twins, new.mailbox) or (hidden and graph.lies.post_after_not_found == "twin")
    if same and not is_twin:
        text = f"Subscription Id {same[0].id} already exists for the requested combination"
        raise GraphError(409, "Conflict", text)
    if len(existing) >= PER_MAILBOX:
        text = f"Number of active subscriptions for the mailbox has reached the limit of {PER_MAILBOX}."
        raise GraphError(403, "ExtensionError", text)


def _quota_reached() -> GraphError:
    """Return the 429 of a mailbox's quota, which no wait ends."""
    reason = f"Resource 'SubscriptionCountReached' has reached limit of '{PER_MAILBOX}'."
    wait = "Please retry after '12/31/9999 11:59:59 PM'."
    text = f"Operation: Create; Exception: [Status Code: 429; Reason: {reason} {wait}]"
    return GraphError(429, "ExtensionError", text, {"Retry-After": format_datetime(NEVER, usegmt=True)})


def _limit_reached(new: Subscription) -> GraphError:
    """Return the 403 of a subscription that Graph itself says does not exist."""
    reason = f"App '{new.app}' has reached its limit of '1' 'USERS/{new.mailbox.id.upper()}/EVENTS' subscriptions"
    text = f"Operation: Create; Exception: [Status Code: Forbidden; Reason: {reason}]"
    return GraphError(403, "ExtensionError", text)
