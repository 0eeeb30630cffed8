"""Answers of Graph that are not the truth, as public reports describe them. A test switches each on, and off again.

A lie about subscriptions is a set of their ids, one about mailboxes a set of addresses; `EVERY` stands for all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Literal

from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnavailable,
)
from shared.graph.subscriptions import Subscription, resource_of

LONGEST = timedelta(minutes=10_080)
Listing = Callable[[Sequence[Subscription], Sequence[Subscription]], Iterable[Subscription]]


class Every(set[str]):
    """The set that contains everything."""

    def __contains__(self, _: object) -> bool:
        """Return True."""
        return True


EVERY = Every()


class Lies:
    """The lies of a Graph in memory, all switched off.

    - `untrue_404`: ids of living subscriptions for which PATCH, GET and DELETE answer 404, and DELETE deletes nothing;
      `denies_all`: they do for all.
      `post_after_404` is the answer to a POST for such a mailbox: 403 "has reached its limit", 403, 409, or a twin.
    - `accepts_twins`: mailboxes for which a POST is accepted although a subscription exists.
    - `listing`: makes the answer to List subscriptions from the living ones and those that have expired.
    - `refuse_all`: the error of every call.
    - `quota_for`: mailboxes for which a POST answers that the number of subscriptions is reached, for ever.
    - `throttled`: mailboxes for which every call about a subscription that exists, and every POST, answers 429.
    - `longest`: the maximum lifetime, which a 400 names if `names_longest`.
    - `silent`: ids of subscriptions that live, and send no notification.
    - `unreadable_answers`: ids for which a PATCH succeeds and its answer is `unreadable`: lost, or not readable.
    - `validates_address`: whether a PATCH of the notificationUrl validates it. `reachable` are beginnings of URLs that
      answer a validation (None: all); `handshakes` is called with each URL that is validated.
    - `spelled`: writes the resource of a mailbox in answers.
    """

    def __init__(self) -> None:
        self.untrue_404: set[str] = set()
        self.denies_all = False
        self.post_after_404: Literal["limit", "forbidden", "conflict", "twin"] = "limit"
        self.accepts_twins: set[str] = set()
        self.listing: Listing = lambda living, _: living
        self.refuse_all: GraphError | None = None
        self.quota_for: set[str] = set()
        self.throttled: set[str] = set()
        self.longest = LONGEST
        self.names_longest = True
        self.silent: set[str] = set()
        self.unreadable_answers: set[str] = set()
        self.unreadable: GraphError = GraphUnavailable(0, "NoAnswer.ReadTimeout")
        self.validates_address = True
        self.reachable: set[str] | None = None
        self.handshakes: Callable[[str], None] = lambda _: None
        self.spelled: Callable[[str], str] = resource_of

    def is_hidden(self, subscription_id: str) -> bool:
        """Return whether a living subscription is said not to exist."""
        return self.denies_all or subscription_id in self.untrue_404

    def throttle(self, mailbox: str) -> None:
        """Raise the answer to a call for a mailbox that is throttled."""
        if mailbox in self.throttled:
            raise GraphUnavailable(429, "ApplicationThrottled", retry_after=60)

    def refuse_new(self, mailbox: str, living: Sequence[str]) -> None:
        """Raise the answer to a POST for a mailbox with these living subscriptions, if it is an error."""
        if mailbox in self.quota_for:
            raise GraphQuotaExceeded(429, "SubscriptionCountReached")
        hidden = next((each for each in living if self.is_hidden(each)), "")
        if hidden and self.post_after_404 == "limit":
            raise GraphQuotaExceeded(403, "ExtensionError")
        if hidden and self.post_after_404 == "forbidden":
            raise GraphForbidden(403, "ErrorAccessDenied")
        is_twin = mailbox in self.accepts_twins or (hidden and self.post_after_404 == "twin")
        if living and not is_twin:
            raise GraphConflict(409, "Conflict", existing_id=hidden or living[0])

    def refuse_lifetime(self, lifetime: timedelta) -> None:
        """Raise GraphRejected, with the maximum, for a lifetime above it."""
        if lifetime > self.longest:
            longest = int(self.longest.total_seconds() // 60) if self.names_longest else 0
            raise GraphRejected(400, "InvalidRequest", longest_minutes=longest)

    def validate(self, *urls: str) -> None:
        """Validate notification URLs as Graph does. Raises GraphRejected for the first that does not answer."""
        for url in urls:
            if self.reachable is not None and not url.startswith(tuple(self.reachable)):
                raise GraphRejected(400, "ValidationError")
            self.handshakes(url)


def empty(_living: Sequence[Subscription], _expired: Sequence[Subscription]) -> Iterable[Subscription]:
    """List nothing."""
    return ()


def with_expired(living: Sequence[Subscription], expired: Sequence[Subscription]) -> Iterable[Subscription]:
    """List subscriptions that have expired, too."""
    return [*expired, *living]


def partial(every: int) -> Listing:
    """Return a listing that lacks each `every`-th subscription."""
    return lambda living, _: (each for number, each in enumerate(living) if number % every)


def failing(error: GraphError, after: int = 0) -> Listing:
    """Return a listing that fails after some subscriptions: on its first page, or on a later one."""

    def listed(living: Sequence[Subscription], _: Sequence[Subscription]) -> Iterator[Subscription]:
        yield from living[:after]
        raise error

    return listed


def repeating(times: int) -> Listing:
    """Return a listing whose nextLink leads to its first page again, which the walk gives up after some times."""

    def listed(living: Sequence[Subscription], _: Sequence[Subscription]) -> Iterator[Subscription]:
        yield from itertools.chain.from_iterable([living[:100]] * times)
        raise GraphRejected(200, "RepeatedNextLink")

    return listed
