"""The audit: read Graph's list of subscriptions and count those that are unknown. It decides nothing.

The list can be empty, have holes, or name what no longer exists. So nothing follows from it, with one exception: a
subscription whose watch's tombstone names it is deleted, because its DELETE was interrupted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared.errors import GraphError, RelayError, ServiceUnavailable
from shared.graph.subscriptions import DeleteReason, Subscription, Subscriptions, mailbox_of
from shared.moments import has_passed
from shared.storage.leases import Held, Leases, Seen
from shared.storage.tombstones import Tombstones
from shared.storage.unknown_subscriptions import AuditState, UnknownSubscription, UnknownSubscriptions, unknown_id_of
from shared.storage.watches import Watches
from shared.subscriptions.addresses import Addresses, posts_to
from shared.subscriptions.unknown.unknown_subscriptions import WatchRows, may_be_deleted
from shared.threads import side_by_side
from shared.utc import format_utc

PERIOD = timedelta(hours=6)
BUDGET = timedelta(minutes=4)  # well below the host's functionTimeout
AT_ONCE = 16
OVERDUE = timedelta(days=1)  # without a whole audit
COUNTED_TO = 1000  # by health
SHOWN = 5  # mailboxes, by health
LEASE = "audit"

_logger = logging.getLogger("relay.audit_run")


@dataclass(frozen=True)
class _Limit:
    """When an audit has to stop, and the lease that it holds."""

    stop: datetime
    held: Held | None
    now: Callable[[], datetime]

    def check(self) -> None:
        """Raise ServiceUnavailable when the audit has to end."""
        if self.now() >= self.stop:
            raise ServiceUnavailable("the audit of subscriptions", f"took longer than {BUDGET}")
        if self.held is not None and not self.held.keep(self.now()):
            raise ServiceUnavailable("the audit of subscriptions", "lost its lease")


@dataclass(frozen=True)
class Audit:
    """Counts unknown subscriptions.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    subscriptions: Subscriptions
    watches: Watches
    unknown: UnknownSubscriptions
    tombstones: Tombstones
    addresses: Addresses
    now: Callable[[], datetime]
    leases: Leases | None = None
    has_wrong_clock: Callable[[], bool] = lambda: False

    def is_due(self) -> bool:
        """Return whether the last audit began PERIOD ago."""
        return self._is_due(self.unknown.state())

    def run(self, waited_for: str = "") -> str | Seen:
        """Audit, if it is due, and return the result, or what stands in the way (see Leases.acquire).

        An audit that cannot read everything within BUDGET is void: the former result stays, with its time.
        """
        if self.has_wrong_clock():
            return "clock-is-wrong"
        held = self.leases.acquire(LEASE, self.now(), waited_for=waited_for) if self.leases else None
        if isinstance(held, Seen):
            return held
        try:
            return self._run(held)
        finally:
            if held is not None:
                held.release()

    def health(self) -> tuple[bool, str]:
        """Return whether all is well, and the text for the health check."""
        rows = list(islice(self.unknown.present(self.now()), COUNTED_TO))
        if rows:
            return False, _text_of(rows)
        state = self.unknown.state()
        counted = f"counted at {format_utc(state.counted_at)}" if state.counted_at else "not counted yet"
        if state.void_since is not None and self.now() - state.void_since > OVERDUE:
            return False, f"Graph's subscriptions: {counted}; the audits since then were void: {state.void_reason}"
        return True, f"ok; none, {counted}"

    def _is_due(self, state: AuditState) -> bool:
        return state.started is None or has_passed(PERIOD, state.started, self.now())

    def _run(self, held: Held | None) -> str:
        state = self.unknown.state()
        begun = self.unknown.change_state(state, started=self.now()) if self._is_due(state) else None
        if begun is None or begun.started is None:
            return "audit-not-due"
        try:
            self._audit(_Limit(begun.started + BUDGET, held, self.now), begun.started)
        except RelayError as error:
            _logger.warning("The audit of subscriptions is void: %s", error)
            self.unknown.change_state(begun, void_since=begun.void_since or begun.started, void_reason=str(error))
            return "audit-void"
        self.unknown.change_state(begun, counted_at=begun.started, void_since=None, void_reason="")
        return "audited"

    def _audit(self, limit: _Limit, moment: datetime) -> None:
        """Read everything, finish interrupted deletions, and store the rest. Raises RelayError."""
        for row in self.unknown.all():  # also if this audit is void: it is of no use, and has an address
            if row.expires <= moment:
                self.unknown.delete(row)
        listed, rows = self._listed(limit)

        def is_deleted(each: Subscription) -> bool:
            limit.check()
            return self.tombstones.names(each.id) and self._finish_deletion(each, rows)

        deleted = side_by_side(is_deleted, listed, AT_ONCE, "audit")
        unknown = [each for each, is_gone in zip(listed, deleted, strict=True) if not is_gone]
        self._store(unknown, moment, limit)

    def _listed(self, limit: _Limit) -> tuple[list[Subscription], WatchRows]:
        """Return the unknown subscriptions of Graph's list, and the rows after it. Raises RelayError.

        Rows are read before the list, so that few subscriptions are held, and again after it: watches may have been
        set up meanwhile.
        """
        rows, urls = self._rows(), self.addresses.own_urls()
        listed: dict[str, Subscription] = {}
        for each in self.subscriptions.list():
            limit.check()
            if each.id not in rows.named and each.expires > self.now() and posts_to(urls, each):
                listed[each.id] = each
        rows = self._rows() if listed else rows
        return [each for each in listed.values() if not rows.explain(each)], rows

    def _rows(self) -> WatchRows:
        rows = WatchRows.read(self.watches, self.now())
        if rows.unreadable:
            raise ServiceUnavailable("storage", f"holds {rows.unreadable} watches that this version cannot read")
        return rows

    def _finish_deletion(self, subscription: Subscription, rows: WatchRows) -> bool:
        """Delete a subscription that a tombstone names; return whether it is deleted."""
        self.subscriptions.wait_for_rate()  # no wait must lie between the checks and the DELETE
        self.tombstones.write(subscription.id, self.now())  # so that no process takes it over from here on
        watch = self.watches.get(rows.watch_id_of(subscription))
        if watch is not None and subscription.id in (watch.subscription_id, watch.former_id):
            return False
        try:
            if not may_be_deleted(watch, self.subscriptions, self.now()):
                return False
            self.subscriptions.delete(subscription.id, DeleteReason.TOMBSTONE)
        except GraphError as error:
            _logger.warning("A subscription whose watch was deleted is still there: %s", error)
            return False
        return True

    def _store(self, unknown: list[Subscription], moment: datetime, limit: _Limit) -> None:
        before = {row.id: row for row in self.unknown.all()}
        listed = {unknown_id_of(each.id): each for each in unknown}

        def store(key: str) -> None:
            limit.check()
            row, each = before.get(key), listed[key]
            if row is None:
                mailbox = mailbox_of(each.resource) or ""
                self.unknown.insert(UnknownSubscription(key, each.id, mailbox, each.expires, moment, moment))
            else:
                self.unknown.change(row, expires=each.expires, seen=moment)

        side_by_side(store, listed, AT_ONCE, "audit")
        vanished = [row for key, row in before.items() if key not in listed]
        side_by_side(self.unknown.delete, vanished, AT_ONCE, "audit")


def _text_of(rows: list[UnknownSubscription]) -> str:
    """Return what health says about unknown subscriptions."""
    rows = sorted(rows, key=lambda row: row.first_seen)
    number = f"{COUNTED_TO} or more" if len(rows) == COUNTED_TO else str(len(rows))
    mailboxes = ", ".join(dict.fromkeys(row.mailbox or "another resource" for row in rows[:SHOWN]))
    return (
        f"{number} subscriptions post to the relay that no row names (mailboxes {mailboxes}, oldest "
        f"{format_utc(rows[0].first_seen)}): GET /api/relay/unknown-subscriptions"
    )
