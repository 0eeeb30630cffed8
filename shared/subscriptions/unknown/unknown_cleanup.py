"""Delete unknown subscriptions at the request of an administrator, each after another check."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared import problems, telemetry
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.graph.subscriptions import DeleteReason, Subscriptions
from shared.storage.unknown_subscriptions import UnknownSubscription, UnknownSubscriptions
from shared.storage.watches import Watch, Watches
from shared.subscriptions.addresses import Addresses, posts_to
from shared.subscriptions.removal import Removal
from shared.subscriptions.unknown.unknown_subscriptions import WatchRows, may_be_deleted

BUDGET = timedelta(seconds=60)  # Azure's load balancer ends a request after 230 seconds
GIVE_UP = 3  # consecutive errors of Graph
DELETED, ENDED = "deleted", "ended"
# Why one is not deleted: a row names it by now; it no longer posts to the relay; its mailbox's watch has no other
# subscription; Graph answered with an error.
ROW_NAMES_IT, POSTS_ELSEWHERE = "row-names-it", "posts-elsewhere"
ONLY_SUBSCRIPTION, GRAPH_ERROR = "only-subscription", "graph-error"


@dataclass
class CleanupResult:
    """How many subscriptions were deleted, how many had `ended` before, which were kept and why, and how many were not
    reached (`left`).
    """

    left: int
    deleted: int = 0
    ended: int = 0
    kept: list[tuple[UnknownSubscription, str]] = field(default_factory=list)

    def record(self, stored: UnknownSubscription, outcome: str) -> None:
        """Count the outcome of one subscription."""
        self.left -= 1
        self.deleted += outcome == DELETED
        self.ended += outcome == ENDED
        if outcome not in (DELETED, ENDED):
            self.kept.append((stored, outcome))


@dataclass(frozen=True)
class UnknownCleanup:
    """Deletes unknown subscriptions."""

    subscriptions: Subscriptions
    watches: Watches
    unknown: UnknownSubscriptions
    removal: Removal
    addresses: Addresses
    now: Callable[[], datetime]

    def delete_all(self, caller: str) -> CleanupResult:
        """Delete the stored unknown subscriptions for as long as BUDGET lasts.

        Raises RequestRejected 409 while a row of a watch cannot be read; ServiceUnavailable or ConfigurationError.
        """
        result = CleanupResult(0)
        try:
            self._delete_stored(list(self.unknown.all()), result)
        finally:  # also after an error: the log must hold what was deleted before it
            telemetry.audit(
                "delete-unknown-subscriptions", caller, number=result.deleted, kept=len(result.kept), left=result.left
            )
        return result

    def delete_of(self, mailboxes: Collection[str]) -> CleanupResult:
        """Delete those of mailboxes, given as addresses or object ids in lower case. Raises as `delete_all` does."""
        result = CleanupResult(0)
        stored = [each for each in self.unknown.all() if each.mailbox.lower() in mailboxes]
        if stored:
            self._delete_stored(stored, result)
        return result

    def _delete_stored(self, stored: list[UnknownSubscription], result: CleanupResult) -> None:
        stop, rows = self.now() + BUDGET, WatchRows.read(self.watches, self.now())
        if rows.unreadable:
            text = (
                f"Nothing was deleted: {rows.unreadable} rows of watches cannot be read, and each can name any of "
                "these subscriptions. If a later version of the relay wrote them, deploy that version."
            )
            raise RequestRejected(problems.WATCHES_UNREADABLE, text)
        result.left = len(stored)
        self._delete_until(stop, stored, rows, result)

    def _delete_until(
        self, stop: datetime, stored: list[UnknownSubscription], rows: WatchRows, result: CleanupResult
    ) -> None:
        failures = 0
        for each in stored:
            if self.now() >= stop or failures >= GIVE_UP:
                return
            try:
                outcome = self._delete(each.subscription_id, rows)
            except GraphError:
                outcome = GRAPH_ERROR
            result.record(each, outcome)
            failures = failures + 1 if outcome == GRAPH_ERROR else 0
            if outcome not in (ONLY_SUBSCRIPTION, GRAPH_ERROR):  # it is no longer unknown
                self.unknown.delete(each)

    def _delete(self, subscription_id: str, rows: WatchRows) -> str:
        try:
            subscription = self.subscriptions.get(subscription_id)
        except GraphNotFound:
            return ENDED
        if not posts_to(self.addresses.own_urls(), subscription):
            return POSTS_ELSEWHERE
        self.subscriptions.wait_for_rate()  # no wait must lie between the checks and the DELETE
        watch_id = rows.watch_id_of(subscription)
        watch = self.watches.get(watch_id)  # its present row: `rows` may be BUDGET old
        if subscription_id in rows.named or (watch and subscription_id in (watch.subscription_id, watch.former_id)):
            return ROW_NAMES_IT
        if not may_be_deleted(watch, self.subscriptions, self.now()):
            return ONLY_SUBSCRIPTION
        has_another = watch is not None and watch.subscription_id
        reason = DeleteReason.TWIN if has_another else DeleteReason.TOMBSTONE  # asked for by an administrator

        def is_still() -> bool:
            return _named_by(self.watches.get(watch_id)) == _named_by(watch)

        return DELETED if self.removal.delete(subscription_id, reason, is_still) else ONLY_SUBSCRIPTION


def _named_by(watch: Watch | None) -> tuple[object, ...] | None:
    """Return what a row says of its subscriptions; None without a row."""
    if watch is None:
        return None
    return (watch.created, watch.subscription_id, watch.former_id, watch.pending_since, watch.state)
