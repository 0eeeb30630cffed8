"""Models of the responses about unknown subscriptions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tools.openapi.fields import Moment, Strict, WatchId


class UnknownSubscription(Strict):
    """A subscription at Graph that posts to the relay and that no watch names."""

    id: WatchId
    graph_subscription_id: str
    mailbox: str | None = Field(description="Address or object id; null if its resource is not a mailbox's events.")
    expiration_date_time: Moment
    first_seen: Moment
    last_seen: Moment


class UnknownSubscriptionPage(Strict):
    """A page of unknown subscriptions."""

    value: list[UnknownSubscription]
    next_link: str | None = Field(description="URL of the next page; null on the last.")
    count: int = Field(ge=0, description="Their number on all pages.")
    as_of: Moment | None = Field(description="When the last complete audit began; null before the first.")
    last_error: str | None = Field(description="Why the audits since then could not be completed.")


class KeptSubscription(Strict):
    """A subscription that was not deleted.

    row-names-it: a watch names it by now. posts-elsewhere: it no longer posts to the relay. only-subscription: its
    mailbox is watched, and has no other one; the watch takes it over. graph-error: Graph answered with an error.
    """

    graph_subscription_id: str
    mailbox: str | None
    reason: Literal["row-names-it", "posts-elsewhere", "only-subscription", "graph-error"]


class UnknownSubscriptionCleanup(Strict):
    """The result of one call."""

    deleted: int = Field(ge=0)
    ended: int = Field(ge=0, description="Number of those that no longer existed.")
    kept: list[KeptSubscription]
    remaining: int = Field(ge=0, description="Number of those that this call did not reach.")
