"""The sender: collects hints by endpoint, puts several into one POST, and hands them to the deliveries.

Graph: Receive change notifications through webhooks. One POST may carry many notifications, of several subscriptions.
"""

import asyncio
import random
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.callbacks import Callbacks, Reply
from sandbox.tenant.graph.counters import Counters
from sandbox.tenant.graph.delivery import Delivery, Limits
from sandbox.tenant.graph.endpoints import Endpoints, Health
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.hints import Hint, change_item, change_types, lifecycle_item
from sandbox.tenant.graph.outcomes import Outcomes
from sandbox.tenant.graph.registry import Registry, Subscription
from sandbox.tenant.graph.settings import setting
from sandbox.tenant.state import Mailbox, Tenant

GIVE_UP = timedelta(hours=4)


class Sender:
    """Everything between a change and the apps' endpoints; settings are read at each use: control can change them."""

    def __init__(self, tenant: Tenant, registry: Registry, chance: random.Random) -> None:
        self._tenant = tenant
        self._registry = registry
        self._chance = chance
        self.callbacks = Callbacks(tenant)
        self.counters = Counters()
        self.outcomes = Outcomes()
        self.waiting: list[Hint] = []
        self.deliveries: set[Delivery] = set()
        self.running = asyncio.Event()
        """Cleared while control holds everything back."""
        self.running.set()
        self.endpoints = Endpoints()
        self._tasks: set[asyncio.Task[None]] = set()
        self._collecting: set[str] = set()

    def announce(self, mailbox: Mailbox, change: str, event: Event) -> None:
        """Make the hints of one change (created, updated, deleted) for every subscription of the mailbox."""
        least, most = self._setting("hintsPerChange")
        number = self._chance.randint(int(least), int(most))
        spread = float(self._setting("hintSpreadSeconds"))
        if self._tenant.mailboxes.get(mailbox.id.lower()) is not mailbox:
            return  # Removed meanwhile: what its room still processes is nobody's news.
        for subscription in self._registry.of_mailbox(mailbox):
            for one in change_types(change, number, subscription.change_types, self._chance):
                due = self._tenant.clock.now() + timedelta(seconds=self._chance.uniform(0, spread))
                item = change_item(subscription, self._tenant.tenant_id, one, event)
                self._add(Hint(subscription.id, subscription.notification_url, item, due))

    def tell_lifecycle(self, subscription: Subscription, lifecycle_event: str) -> None:
        """Send a lifecycle notification; raises ValueError when the subscription has no lifecycleNotificationUrl."""
        if subscription.lifecycle_url is None:
            raise ValueError("the subscription has no lifecycleNotificationUrl")
        item = lifecycle_item(subscription, self._tenant.tenant_id, lifecycle_event)
        self._add(
            Hint(
                subscription.id,
                subscription.lifecycle_url,
                item,
                self._tenant.clock.now(),
                outlives=lifecycle_event == "subscriptionRemoved",
            )
        )

    def authorize(self, subscription: Subscription) -> None:
        """Give a subscription a new access token: what waited for it is sent, but what is over four hours old."""
        now, seconds = self._tenant.clock.now(), float(self._setting("tokenSeconds"))
        subscription.authorized_until = now + timedelta(seconds=seconds) if seconds else None
        if subscription.authorized_until is not None:
            self.start(self._ask_for_renewal(subscription, subscription.authorized_until, seconds))
        mine = [hint for hint in self.waiting if hint.subscription_id == subscription.id]
        self._lose([hint for hint in mine if hint.due < now - GIVE_UP])
        for url in {hint.url for hint in mine}:
            self._serve(url)

    def answered(self, url: str, reply: Reply, *, late: bool, lost: bool) -> None:
        """Hear how an endpoint answered; one that falls into drop is told what it missed when that is over."""
        now = self._tenant.clock.now()
        before = self.endpoints.of(url, now).state
        health = self.endpoints.note(url, now, late=late, lost=lost, least=int(self._setting("judgedAfter")))
        if health.state == "drop" != before:
            self.end_drop(url)
        elif reply.accepted and health.state != "drop":
            self._tell_missed(health)

    def took(self, hints: list[Hint]) -> None:
        """Remember what was taken."""
        self.outcomes.took(hints)

    def lost(self, hints: list[Hint]) -> None:
        """Remember what was lost, and whose, for `missed`."""
        self.outcomes.lost(hints)
        for hint in hints:
            health = self.endpoints.of(hint.url, self._tenant.clock.now())
            health.discarded += 1
            health.missed.add(hint.subscription_id)

    def end_drop(self, url: str) -> None:
        """See that the subscriptions of an endpoint in drop are told of it when that is over."""
        self.start(self._after_drop(url))

    async def _after_drop(self, url: str) -> None:
        until = self.endpoints.of(url, self._tenant.clock.now()).until
        if until is not None:
            await self._tenant.clock.until(until)
        self._tell_missed(self.endpoints.of(url, self._tenant.clock.now()))

    def _tell_missed(self, health: Health) -> None:
        missed, health.missed = health.missed, set()
        for one in missed:
            subscription = self._registry.find(one)
            if subscription is not None and subscription.lifecycle_url is not None:
                self.tell_lifecycle(subscription, "missed")

    async def _ask_for_renewal(self, subscription: Subscription, until: datetime, seconds: float) -> None:
        """Say reauthorizationRequired when three quarters of a token's time are over, if it is still the same one."""
        await self._tenant.clock.until(until - timedelta(seconds=seconds / 4))
        alive = self._registry.find(subscription.id) is not None
        if alive and subscription.authorized_until == until and subscription.lifecycle_url is not None:
            self.tell_lifecycle(subscription, "reauthorizationRequired")

    def _lose(self, hints: list[Hint]) -> None:
        taken = {id(hint) for hint in hints}
        self.waiting = [hint for hint in self.waiting if id(hint) not in taken]
        self.counters.dropped += len(hints)
        self.lost(hints)

    def _sendable(self, url: str) -> list[Hint]:
        """Return an endpoint's waiting notifications, but those that are held."""
        return [hint for hint in self.waiting if hint.url == url and not self._is_held(hint)]

    def _is_held(self, hint: Hint) -> bool:
        """Tell whether a change notification waits for its subscription's token; a lifecycle one does not."""
        subscription = self._registry.find(hint.subscription_id)
        is_change = "changeType" in hint.item
        return is_change and subscription is not None and subscription.lapsed(self._tenant.clock.now())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something until it ends or the tenant closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Send what waits, due or not, held back or not, and every retry once; wait until nothing is in flight."""
        for url in {hint.url for hint in self.waiting}:
            self._post([hint for hint in self.waiting if hint.url == url], hurry=True)
        for delivery in self.deliveries:
            delivery.settled.clear()
            delivery.hurry.set()
        while busy := [one for one in self.deliveries if one.in_flight or one.hurry.is_set()]:
            await asyncio.wait([asyncio.ensure_future(one.settled.wait()) for one in busy])

    async def close(self) -> None:
        """End all that runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.callbacks.close()

    def _add(self, hint: Hint) -> None:
        """Queue a hint and see that its endpoint is being served."""
        self.counters.hints += 1
        self.waiting.append(hint)
        self._serve(hint.url)

    def _serve(self, url: str) -> None:
        if url not in self._collecting:
            self._collecting.add(url)
            self.start(self._collect(url))

    async def _collect(self, url: str) -> None:
        """Take an endpoint's due hints, a batch at a time, until none waits."""
        try:
            while mine := self._sendable(url):
                pause = float(self._setting("batchSeconds"))
                await self._tenant.clock.until(min(hint.due for hint in mine) + timedelta(seconds=pause))
                await self.running.wait()
                now = self._tenant.clock.now()
                self._post([hint for hint in self._sendable(url) if hint.due <= now], hurry=False)
        finally:
            self._collecting.discard(url)

    def _post(self, hints: list[Hint], *, hurry: bool) -> None:
        """Hand hints of one endpoint to deliveries, in POSTs of at most batchMax, in any order."""
        now = self._tenant.clock.now()
        health = self.endpoints.of(hints[0].url, now) if hints else None
        if health is not None and health.state == "drop":
            self._lose([hint for hint in hints if "changeType" in hint.item])
            hints = [hint for hint in hints if "changeType" not in hint.item]
        taken = {id(hint) for hint in hints}
        self.waiting = [hint for hint in self.waiting if id(hint) not in taken]
        began = health.until if health is not None and health.until is not None else now
        if self._setting("shuffle"):
            self._chance.shuffle(hints)
        most = int(self._setting("batchMax"))
        for start in range(0, len(hints), most):
            delivery = Delivery(hints[start : start + most], began, Limits.of(self._tenant.settings), self)
            if hurry:
                delivery.hurry.set()
            self.deliveries.add(delivery)
            self.start(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> None:
        """Run one delivery to its end."""
        try:
            await delivery.run(self._tenant.clock, self._registry, self.callbacks, self.counters, self.running)
        finally:
            self.deliveries.discard(delivery)

    def _setting(self, name: str) -> Any:
        """Return a setting of the tenant."""
        return setting(self._tenant.settings, name)
