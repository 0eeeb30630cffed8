"""What must hold once nothing happens any more: everything wanted lives, and no work is left or without end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from shared.graph import client_state
from shared.storage.watches import Watch, Watches
from tests.schedules.row_rules import moment_of
from tests.simulation.held import Held
from tests.simulation.world import START

if TYPE_CHECKING:
    from tests.schedules.desires import Desires
    from tests.schedules.site import Site

DAY = timedelta(days=1)
KEEP = timedelta(days=10)  # a tombstone
NO_ROW: dict[str, Any] = {}
LOOKUPS = 2.2  # a watch and day: the daily one, and one more after a new subscription
RUNS = 60  # a day, and the others that the brake asks for
LISTS = 6  # a day: an audit each six hours, and one that is void
WINDOW = timedelta(days=60)  # events that begin within it are in the window of each resync
WRITES = ("POST", "PATCH", "DELETE")
REPLACED = 2  # more writes than a renewal, for a subscription that is replaced: a refused POST, DELETE, POST


class Rest:
    """Looks at what is at rest. `begin` is called a day before: from then on only the usual calls are made."""

    def __init__(
        self, site: Site, desires: Desires, mailboxes: Sequence[str], own_urls: Callable[[], Collection[str]]
    ) -> None:
        self._site, self._desires, self._mailboxes, self._own_urls = site, desires, mailboxes, own_urls
        self._unproven = 0
        self._calls: Counter[str] = Counter()
        self._began = site.now()

    def begin(self) -> None:
        """Count the calls to Graph from now on."""
        self._calls, self._began = Counter(self._site.graph.calls), self._site.now()

    def undone(self) -> list[str]:
        """Return what the settings have demanded for hours: what they forbid ends at once. While a room list of them
        does not exist, nobody knows what is forbidden.
        """
        site, desires = self._site, self._desires
        if site.directory.vanished:
            return []
        rows = [row for row in Watches(lambda: site.tables["watches"]).all() if not desires.is_allowed(row.mailbox)]
        return [f"{row.mailbox} is not allowed, and {row.subscription_id} lives" for row in rows
                if row.subscription_id in site.graph.held]  # fmt: skip

    def failures(self) -> list[str]:
        """Return what is not as it should be."""
        return [*self._watches(), *self._undelivered(), *self._work_left(), *self._excess_calls()]

    def _watches(self) -> Iterator[str]:
        site, desires = self._site, self._desires
        rows = {row.mailbox: row for row in Watches(lambda: site.tables["watches"]).all()}
        for mailbox in self._mailboxes:
            row, held = rows.get(mailbox), [each for each in site.graph.of(mailbox) if each.own]
            ids = [each.subscription.id for each in held]
            if not desires.is_wanted(mailbox):
                yield from [f"{mailbox} is not wanted, and has a row in state {row.state}"] if row else []
            elif not desires.is_allowed(mailbox):
                yield from [f"{mailbox} is not allowed, and {row.state}"] if row and row.state != "paused" else []
            elif row is None:
                yield f"{mailbox} is wanted, and has no row"
            elif row.state == "refused" and self._is_unproven(held):
                self._unproven += 1
            elif row.state != "live" or row.subscription_id not in ids or row.missing_since is not None:
                state = f"{row.state}, {row.last_error[:60]!r}, missing since {row.missing_since}"
                yield f"{mailbox} is wanted: {state}; the row names {row.subscription_id!r}, Graph has {ids}"
            else:
                yield from self._of_live(row)
            yield from self._unknown(mailbox, row, ids)

    def _is_unproven(self, held: Sequence[Held]) -> bool:
        """Return whether nothing says any more that the subscriptions of a mailbox are the relay's: they post to an
        address that the restored storage does not know, and that the settings have left. They end by themselves.
        """
        urls = self._own_urls()
        is_elsewhere = all(each.subscription.notification_url not in urls for each in held)
        return bool(held) and is_elsewhere and self._site.restored_at > START

    def _of_live(self, row: Watch) -> Iterator[str]:
        """Yield what is wrong with a live watch.

        The key of an adopted subscription is unknown until it is renewed. With direct delivery the partner verifies
        the clientState, with the key that the row names.
        """
        held, base = self._site.graph.held[row.subscription_id], self._site.given["PUBLIC_BASE_URL"]
        if held.subscription.notification_url != (row.notification_url or f"{base}/api/notifications"):
            yield f"{row.mailbox} posts to {held.subscription.notification_url}"
        says = client_state.verified(held.client_state, self._site.keys)
        is_ours = says is not None and says.watch_id == row.id
        if row.key_version and row.delivery == "relay" and not is_ours:
            yield f"{row.mailbox} has a clientState that does not verify"
        if row.gap_since:
            yield f"{row.mailbox} owes a resync since {row.gap_since}"
        if row.pending_since:
            yield f"{row.mailbox} is live, and its claim of {row.pending_since} has no end"

    def _unknown(self, mailbox: str, row: Watch | None, ids: Sequence[str]) -> Iterator[str]:
        """Yield the living subscriptions that post to the relay, and that no row names and no audit has counted; and
        the one that the row names, if an audit has counted it.
        """
        counted = {each["subscription_id"] for each in self._rows("unknown")}
        named = {row.subscription_id, row.former_id} if row else set()
        base = self._site.given["PUBLIC_BASE_URL"]
        if row and row.subscription_id in counted:
            yield f"{mailbox} has {row.subscription_id}, which its row names, and which counts as unknown"
        for each in ids:
            posts_here = self._site.graph.held[each].subscription.notification_url.startswith(base)
            if posts_here and each not in named | counted:
                yield f"{mailbox} has {each}, which nobody names or counts"

    def _undelivered(self) -> Iterator[str]:
        """Yield the events that the partner was not told of, whatever was lost or silent when they changed."""
        site, now = self._site, self._site.now()
        for row in Watches(lambda: site.tables["watches"]).all():
            if row.state == "live" and row.delivery == "relay":
                shown = site.calendars.shown(row.mailbox, now + DAY, now + WINDOW)
                unknown = [each["id"] for each in shown if each["id"] not in site.partner.knows.get(row.mailbox, {})]
                yield from [f"the partner does not know {unknown} of {row.mailbox}"] if unknown else []

    def _work_left(self) -> Iterator[str]:
        now = self._site.now()
        for name, queue in self._site.queues.items():
            due = [text for at, _, text in queue.waiting if at <= now]
            yield from [f"the queue {name} holds {len(due)} messages that are due"] if due else []
        brake = self._row("brake")
        if brake.get("since") or brake.get("refused_since"):
            yield f"a brake is on since {brake.get('since') or brake.get('refused_since')}"
        old = [each for each in self._rows("tombstone") if self._is_before(each, now - KEEP - DAY)]
        yield from [f"{len(old)} tombstones are older than {KEEP + DAY}"] if old else []

    def _excess_calls(self) -> Iterator[str]:
        """Yield which calls were more than the usual ones."""
        days = (self._site.now() - self._began) / DAY
        calls, watches = self._site.graph.calls - self._calls, max(1, len(self._rows("watch")))
        doubtful = sum(self._is_since(row, self._began) for row in self._rows("watch"))
        lookups = watches * LOOKUPS + doubtful * RUNS
        most = {"GET": lookups, "LIST": LISTS, "writes": watches * (self._renewals() + REPLACED)}
        counts = {"GET": calls["GET"], "LIST": calls["LIST"], "writes": sum(calls[each] for each in WRITES)}
        for name, number in counts.items():
            if number > most[name] * days + 3 and not self._unproven:  # each of those is tried again every hour
                yield f"{number} {name} for {watches} watches in {days:.1f} days, above {most[name] * days:.0f}"

    def _renewals(self) -> float:
        """Return how often a subscription is renewed in a day, at most, by the settings and what Graph allows."""
        given, learnt = self._site.given, int(self._row("lifetime").get("minutes") or 0)
        lifetime = int(given.get("SUBSCRIPTION_LIFETIME_MINUTES", "10070"))
        lifetime = min(lifetime, learnt) if learnt else lifetime
        before = min(int(given.get("RENEW_BEFORE_MINUTES", "4320")), lifetime / 2)
        return ceil(DAY / timedelta(minutes=lifetime * 0.98 - before)) + 0.5

    def _rows(self, partition: str) -> list[Any]:
        return [*self._site.tables["watches"].rows.partition(partition)]

    def _row(self, partition: str) -> Any:
        return next(iter(self._rows(partition)), NO_ROW)

    def _is_since(self, row: Any, moment: datetime) -> bool:
        """Return whether a watch became live after a moment. Until then each run looked for its subscription, if so
        many were missing that the brake was on.
        """
        since = moment_of(row, "since")
        return row.get("state") == "live" and since is not None and since >= moment

    def _is_before(self, row: Any, moment: datetime) -> bool:
        at = moment_of(row, "at")
        return at is not None and at < moment
