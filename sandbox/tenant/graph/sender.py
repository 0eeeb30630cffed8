"""The sender: collects hints by endpoint, puts several into one POST, and hands them to the deliveries.

Graph: Receive change notifications through webhooks. One POST may carry many notifications, of several subscriptions.
"""

import asyncio
import random
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from sandbox.tenant.graph.callbacks import Callbacks
from sandbox.tenant.graph.counters import Counters
from sandbox.tenant.graph.delivery import Delivery, Limits
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.hints import Hint, change_item, change_types, lifecycle_item
from sandbox.tenant.graph.registry import Registry, Subscription
from sandbox.tenant.graph.settings import setting
from sandbox.tenant.state import Mailbox, Tenant


class Sender:
    """Everything between a change and the apps' endpoints; settings are read at each use: control can change them."""

    def __init__(self, tenant: Tenant, registry: Registry, chance: random.Random) -> None:
        self._tenant = tenant
        self._registry = registry
        self._chance = chance
        self.callbacks = Callbacks(tenant)
        self.counters = Counters()
        self.waiting: list[Hint] = []
        self.deliveries: set[Delivery] = set()
        self.running = asyncio.Event()
        """Cleared while control holds everything back."""
        self.running.set()
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
        self._add(Hint(subscription.id, subscription.lifecycle_url, item, self._tenant.clock.now(),
                       outlives=lifecycle_event == "subscriptionRemoved"))

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
        if hint.url not in self._collecting:
            self._collecting.add(hint.url)
            self.start(self._collect(hint.url))

    async def _collect(self, url: str) -> None:
        """Take an endpoint's due hints, a batch at a time, until none waits."""
        try:
            while mine := [hint for hint in self.waiting if hint.url == url]:
                pause = float(self._setting("batchSeconds"))
                await self._tenant.clock.until(min(hint.due for hint in mine) + timedelta(seconds=pause))
                await self.running.wait()
                now = self._tenant.clock.now()
                self._post([hint for hint in self.waiting if hint.url == url and hint.due <= now], hurry=False)
        finally:
            self._collecting.discard(url)

    def _post(self, hints: list[Hint], *, hurry: bool) -> None:
        """Hand hints of one endpoint to deliveries, in POSTs of at most batchMax, in any order."""
        taken = {id(hint) for hint in hints}
        self.waiting = [hint for hint in self.waiting if id(hint) not in taken]
        if self._setting("shuffle"):
            self._chance.shuffle(hints)
        most = int(self._setting("batchMax"))
        for start in range(0, len(hints), most):
            delivery = Delivery(hints[start : start + most], self._tenant.clock.now(), Limits.of(self._tenant.settings))
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
