"""Subscriptions of another deployment that uses the same app registration: the relay must never change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.schedules.site import Site

URL = "https://other.example/notifications"
CONFLICTING = "https://other.example/conflict"  # of the same change types: Graph refuses a second one beside it
LIFECYCLE = "https://other.example/lifecycle"
LIVES = timedelta(days=6)
RESIDENT = "elsewhere@contoso.com"  # a mailbox that only the other deployment watches


class Others:
    """Holds subscriptions of another deployment, and tells which of them the relay changed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.ids: set[str] = set()
        self._until: dict[str, float] = {}
        self._resident = self._hold(RESIDENT, URL)

    def hold(self, mailbox: str, variant: int) -> None:
        """Let the other deployment watch a mailbox for some hours: beside the relay, or before it where Graph lost the
        relay's subscription.
        """
        graph = self._site.graph
        own = [each for each in graph.of(mailbox) if each.own]
        if own and variant % 2:
            for each in own:
                graph.lose(each.subscription.id)
            own = []
        held_id = self._hold(mailbox, URL if own else CONFLICTING)
        self._until[held_id] = self._site.scheduler.clock.seconds + (1 + variant % 20) * 3600

    def live(self, *, to_end: bool = False) -> None:
        """Renew what the other deployment still wants, and end the rest. `to_end`: all but the one of its own mailbox.

        They are no losses of the relay's.
        """
        graph, now = self._site.graph, self._site.scheduler.clock.seconds
        for each in [each for each, until in self._until.items() if to_end or until <= now]:
            del self._until[each]
            if each in graph.held:
                graph.held.pop(each)
        for each in (self._resident, *self._until):
            if each in graph.held:
                self._renew(each)

    def changed(self) -> list[str]:
        """Return the calls with which the relay changed one."""
        return [f"{verb} of {each}, which is another deployment's" for verb, each in self._site.graph.touched
                if each in self.ids]  # fmt: skip

    def _hold(self, mailbox: str, url: str) -> str:
        soon = self._site.now() + timedelta(minutes=30)
        held = self._site.graph.hold(mailbox, url, LIFECYCLE, "not the relay's", soon, own=False)
        self.ids.add(held.subscription.id)
        self._renew(held.subscription.id)
        return held.subscription.id

    def _renew(self, subscription_id: str) -> None:
        held = self._site.graph.held[subscription_id]
        renewed = replace(held.subscription, expires=self._site.now() + LIVES)
        self._site.graph.held[subscription_id] = replace(held, subscription=renewed)
