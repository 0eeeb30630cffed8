"""Answers of the simulated Graph that are not the truth, as public reports describe them; control switches them on.

Whom a lie concerns is true (all), a share from 0 to 1, or a list of subscription ids, addresses and object ids.
"""

import zlib
from typing import Annotated, Literal

from pydantic import Field

from sandbox.tenant.graph.registry import Subscription
from sandbox.tenant.seed import Strict
from sandbox.tenant.state import Mailbox

Whom = bool | Annotated[float, Field(ge=0, le=1)] | list[str]
Method = Literal["GET", "PATCH", "DELETE"]
Spelling = Literal["as made", "object id", "key", "case", "slash"]


class ListFault(Strict):
    """An error for one page of List subscriptions (1 is the first); `times` null: until it is taken back."""

    page: int = Field(ge=1)
    status: Literal[429, 500, 503] = 429
    retry_after: int | None = None
    times: int | None = Field(default=None, ge=0)


class Lies(Strict):
    """All lies; the defaults are the truth.

    - `not_found`: living subscriptions for which the methods `not_found_methods` get 404. A POST for the mailbox of one
      gets `post_after_not_found`: 403 "has reached its limit", 409, or a twin.
    - `quota_reached`: mailboxes for which a POST gets 429 with a Retry-After in the year 9999.
    - `twins`: mailboxes for which a POST is accepted although the same subscription exists.
    - `refused`: every call to Graph gets 401 or 403.
    - `not_listed`: living subscriptions that the list lacks. `expired_listed`: it has those that have expired, too.
    - `list_repeats`: each nextLink leads to its own page. `links_expired`: each nextLink gets 400 when it is followed.
      `list_fault`: an error for one page.
    - `silent`: living subscriptions whose notifications are swallowed.
    - `resource`: how answers spell the resource of a subscription.
    - `date_skew_seconds`: by how much the header Date is fast.
    - `unreadable_seconds`: how long after its creation, in tenant's seconds, a GET of an event gets 404
      ErrorItemNotFound. Lists and calendar views have it.
    """

    not_found: Whom = False
    not_found_methods: list[Method] = Field(default=["GET", "PATCH", "DELETE"])
    post_after_not_found: Literal["forbidden", "conflict", "twin"] = "forbidden"
    quota_reached: Whom = False
    twins: Whom = False
    refused: Literal[401, 403] | None = None
    not_listed: Whom = False
    expired_listed: bool = False
    list_repeats: bool = False
    links_expired: bool = False
    list_fault: ListFault | None = None
    silent: Whom = False
    resource: Spelling = "as made"
    date_skew_seconds: float = Field(default=0.0, allow_inf_nan=False)
    unreadable_seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    def changed(self, change: "Lies") -> "Lies":
        """Return these lies with the ones that a change names."""
        return self.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})

    def without_list_fault(self) -> "Lies":
        """Return these lies after the fault of the list was met once more."""
        fault = self.list_fault
        if fault is None or fault.times is None:
            return self
        return self.model_copy(update={"list_fault": fault.model_copy(update={"times": fault.times - 1})})

    def spelled(self, subscription: Subscription) -> str:
        """Return a subscription's resource as answers spell it."""
        mailbox, made = subscription.mailbox, subscription.resource
        return {
            "as made": made,
            "object id": f"users/{mailbox.id}/events",
            "key": f"Users('{mailbox.address}')/Events",
            "case": made.swapcase(),
            "slash": f"/{made}",
        }[self.resource]


def concerns(whom: Whom, subject: Subscription | Mailbox) -> bool:
    """Return whether a lie concerns a subscription or mailbox; a share is the same ones each time."""
    if isinstance(whom, bool):
        return whom
    if isinstance(whom, float):
        return zlib.crc32(subject.id.encode()) < whom * 2**32
    box = subject if isinstance(subject, Mailbox) else subject.mailbox
    return not {name.lower() for name in whom}.isdisjoint((subject.id, box.id, box.address.lower()))
