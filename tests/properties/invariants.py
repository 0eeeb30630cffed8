"""Invariants of a world's watches and subscriptions, whatever happened to them."""

from __future__ import annotations

from datetime import datetime

from shared.graph.client_state import verified
from shared.storage.watches import Watch, watch_id_of
from tests.simulation.subscriptions import Held
from tests.simulation.world import World

DIRECT = "direct@contoso.com"
PARTNER = "https://partner.example/graph"


class Invariants:
    """Tracks the partner's requests, foreign subscriptions, and gaps that are not closed yet."""

    def __init__(self, world: World) -> None:
        self._world, self._graph = world, world.subscriptions
        self.wanted: set[str] = set()
        self.foreign: dict[str, Held] = {}
        self.gaps: dict[str, datetime] = {}
        self._graph.lost, self._graph.created = self._lost, self._created

    def row(self, mailbox: str) -> Watch | None:
        """Return a watch's row, without a call of the relay."""
        before, self._world.rows.before = self._world.rows.before, lambda: None
        try:
            return self._world.watches.get(watch_id_of(mailbox))
        finally:
            self._world.rows.before = before

    def forget_if_unstored(self, mailbox: str) -> None:
        """Forget a setup without a row: it was rejected. A killed one left its row, which the reconciler completes."""
        if self.row(mailbox) is None:
            self.wanted.discard(mailbox)

    def foreign_are_untouched(self) -> None:
        """No PATCH and no DELETE goes to a foreign subscription."""
        assert not {subscription_id for _, subscription_id in self._graph.touched} & self.foreign.keys()

    def no_gap_is_lost(self) -> None:
        """A mailbox that is live again after a gap was resynced, is marked for a resync, or has one queued."""
        queued = {text for _, _, text in self._world.job_texts.waiting}
        for mailbox, since in list(self.gaps.items()):
            row = self.row(mailbox)
            if row is None or mailbox == DIRECT:
                continue
            is_served = any(self._serves(row, held) for held in self._graph.of(mailbox))
            viewed = self._world.events.viewed.get(mailbox)
            done = viewed is not None and viewed >= since
            owed = row.gap_since is not None or any(row.id in text and '"resync' in text for text in queued)
            if done and is_served:
                del self.gaps[mailbox]
            ids = {held.subscription.id for held in self._graph.of(mailbox)}
            assert not is_served or row.subscription_id not in ids or done or owed or not row.renewed

    def each_watch_has_a_single_subscription(self) -> None:
        """Each allowed watch has exactly one usable subscription, any other watch none, and no further ones exist."""
        rows = {watch.mailbox: watch for watch in self._world.watches.all()}
        assert rows.keys() == self.wanted
        expected = set()
        for mailbox, row in rows.items():
            if not self._world.allow_list.allows(mailbox):
                assert row.state == "paused", row
                continue
            assert row.state == "live", row
            assert self._serves(row, self._graph.held[row.subscription_id]), row
            assert row.gap_since is None, row
            expected.add(row.subscription_id)
        assert self._at_us() == expected

    def _lost(self, held: Held, moment: datetime) -> None:
        row = self.row(held.mailbox)
        if row is not None and row.renewed and row.subscription_id == held.subscription.id:
            self.gaps.setdefault(held.mailbox, moment)

    def _created(self, held: Held) -> None:
        """Record the creation: a resync must have read after this moment."""
        if held.mailbox in self.gaps:
            self.gaps[held.mailbox] = self._world.time

    def _at_us(self) -> set[str]:
        return {held.subscription.id for held in self._graph.live() if held.own and self._points_at_us(held)}

    def _points_at_us(self, held: Held) -> bool:
        url = self._world.settings.public_base_url
        return held.subscription.notification_url.startswith(url) or held.subscription.lifecycle_url.startswith(url)

    def _serves(self, row: Watch, held: Held) -> bool:
        url = self._world.settings.public_base_url
        wanted = PARTNER if row.delivery == "direct" else f"{url}/api/notifications"
        says = verified(held.client_state, self._world.keys)
        verifies = row.delivery == "direct" or (says is not None and says.watch_id == row.id)
        urls = (held.subscription.notification_url, held.subscription.lifecycle_url)
        return urls == (wanted, f"{url}/api/lifecycle") and verifies
