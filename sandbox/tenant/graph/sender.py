"""The sender: collects notifications by endpoint, batches them into POSTs, and starts deliveries.

Graph: Receive change notifications through webhooks. One POST may carry many notifications, of several subscriptions.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.callbacks import Callbacks, Reply
from sandbox.tenant.graph.counters import Counters
from sandbox.tenant.graph.delivery import Delivery, Limits
from sandbox.tenant.graph.endpoints import Endpoints, Health
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.notifications import Notification, change_item, change_types, lifecycle_item
from sandbox.tenant.graph.outcomes import Outcomes
from sandbox.tenant.graph.registry import Registry, Subscription
from sandbox.tenant.graph.settings import setting
from sandbox.tenant.state import Mailbox, Tenant

GIVE_UP = timedelta(hours=4)


class Sender:
    """Sends changes to the apps' endpoints; settings are read at each use because control can change them.

    The notifications of subscriptions that `is_silent` names are swallowed. `delay_of` returns how many seconds late
    those of a write are, which the event's change key names.
    """

    def __init__(
        self, tenant: Tenant, registry: Registry, rng: random.Random, is_silent: Callable[[Subscription], bool],
        delay_of: Callable[[Mailbox, str], float],
    ) -> None:  # fmt: skip
        self._tenant = tenant
        self._delay_of = delay_of
        self._is_silent = is_silent
        self._registry = registry
        self._random = rng
        self.callbacks = Callbacks(tenant)
        self.counters = Counters()
        self.outcomes = Outcomes()
        self.waiting: list[Notification] = []
        self.deliveries: set[Delivery] = set()
        self.running = asyncio.Event()
        """Cleared while control holds all notifications."""
        self.running.set()
        self.endpoints = Endpoints()
        self._tasks: set[asyncio.Task[None]] = set()
        self._collecting: set[str] = set()

    def announce(self, mailbox: Mailbox, change: str, event: Event) -> None:
        """Create the notifications of one change (created, updated, deleted) for every subscription of the mailbox."""
        least, most = self._setting("hintsPerChange")
        number = self._random.randint(int(least), int(most))
        spread = float(self._setting("hintSpreadSeconds"))
        if self._tenant.mailboxes.get(mailbox.id.lower()) is not mailbox:
            return  # removed: what its room still processes is not reported
        for subscription in self._registry.of_mailbox(mailbox):
            for kind in change_types(change, number, subscription.change_types, self._random):
                late = self._delay_of(mailbox, event.change_key)
                due = self._tenant.clock.now() + timedelta(seconds=late + self._random.uniform(0, spread))
                item = change_item(subscription, self._tenant.tenant_id, kind, event)
                self._add(subscription, Notification(subscription.id, subscription.notification_url, item, due))

    def send_lifecycle(self, subscription: Subscription, lifecycle_event: str) -> None:
        """Send a lifecycle notification. Raises ValueError if the subscription has no lifecycleNotificationUrl."""
        if subscription.lifecycle_url is None:
            raise ValueError("the subscription has no lifecycleNotificationUrl")
        item = lifecycle_item(subscription, self._tenant.tenant_id, lifecycle_event)
        outlives, now = lifecycle_event == "subscriptionRemoved", self._tenant.clock.now()
        self._add(subscription, Notification(subscription.id, subscription.lifecycle_url, item, now, outlives))

    def authorize(self, subscription: Subscription) -> None:
        """Give a subscription a new access token; waiting notifications are sent unless older than four hours."""
        now, seconds = self._tenant.clock.now(), float(self._setting("tokenSeconds"))
        subscription.authorized_until = now + timedelta(seconds=seconds) if seconds else None
        if subscription.authorized_until is not None:
            self.start(self._request_reauthorization(subscription, subscription.authorized_until, seconds))
        waiting = [each for each in self.waiting if each.subscription_id == subscription.id]
        self._lose([each for each in waiting if each.due < now - GIVE_UP])
        for url in {each.url for each in waiting}:
            self._serve(url)

    def answered(self, url: str, reply: Reply, *, late: bool, lost: bool) -> None:
        """Record the response of an endpoint; after a drop, its subscriptions get `missed`."""
        now = self._tenant.clock.now()
        before = self.endpoints.of(url, now).state
        health = self.endpoints.note(url, now, late=late, lost=lost, least=int(self._setting("judgedAfter")))
        if health.state == "drop" != before:
            self.end_drop(url)
        elif reply.accepted and health.state != "drop":
            self._send_missed(health)

    def accepted(self, notifications: list[Notification]) -> None:
        """Count accepted notifications."""
        self.outcomes.add_accepted(notifications)

    def lost(self, notifications: list[Notification]) -> None:
        """Count lost notifications, and record their subscriptions for `missed`."""
        self.outcomes.add_given_up(notifications)
        for notification in notifications:
            health = self.endpoints.of(notification.url, self._tenant.clock.now())
            health.discarded += 1
            health.missed.add(notification.subscription_id)

    def end_drop(self, url: str) -> None:
        """Schedule `missed` for the subscriptions of an endpoint in drop, for when the drop ends."""
        self.start(self._after_drop(url))

    async def _after_drop(self, url: str) -> None:
        until = self.endpoints.of(url, self._tenant.clock.now()).until
        if until is not None:
            await self._tenant.clock.until(until)
        self._send_missed(self.endpoints.of(url, self._tenant.clock.now()))

    def _send_missed(self, health: Health) -> None:
        missed, health.missed = health.missed, set()
        for subscription_id in missed:
            subscription = self._registry.find(subscription_id)
            if subscription is not None and subscription.lifecycle_url is not None:
                self.send_lifecycle(subscription, "missed")

    async def _request_reauthorization(self, subscription: Subscription, until: datetime, seconds: float) -> None:
        """Send reauthorizationRequired at three quarters of a token's life, if it was not replaced."""
        await self._tenant.clock.until(until - timedelta(seconds=seconds / 4))
        alive = self._registry.find(subscription.id) is not None
        if alive and subscription.authorized_until == until and subscription.lifecycle_url is not None:
            self.send_lifecycle(subscription, "reauthorizationRequired")

    def _lose(self, notifications: list[Notification]) -> None:
        lost = {id(each) for each in notifications}
        self.waiting = [each for each in self.waiting if id(each) not in lost]
        self.counters.dropped += len(notifications)
        self.lost(notifications)

    def _sendable(self, url: str) -> list[Notification]:
        """Return an endpoint's waiting notifications that are not held."""
        return [each for each in self.waiting if each.url == url and not self._is_held(each)]

    def _is_held(self, notification: Notification) -> bool:
        """Return whether a change notification waits for its subscription's token; lifecycle ones never do."""
        subscription = self._registry.find(notification.subscription_id)
        is_change = "changeType" in notification.item
        return is_change and subscription is not None and subscription.lapsed(self._tenant.clock.now())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until it ends or the tenant closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Send all waiting notifications, also early or held ones, and every retry once; wait for the responses."""
        for url in {each.url for each in self.waiting}:
            self._post([each for each in self.waiting if each.url == url], hurry=True)
        for delivery in self.deliveries:
            delivery.idle.clear()
            delivery.hurry.set()
        while busy := [each for each in self.deliveries if each.in_flight or each.hurry.is_set()]:
            await asyncio.wait([asyncio.ensure_future(delivery.idle.wait()) for delivery in busy])

    async def close(self) -> None:
        """Stop all tasks."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.callbacks.close()

    def _add(self, subscription: Subscription, notification: Notification) -> None:
        """Queue a notification and serve its endpoint, or swallow it."""
        if self._is_silent(subscription):
            self.counters.swallowed += 1
            return
        self.counters.notifications += 1
        self.waiting.append(notification)
        self._serve(notification.url)

    def _serve(self, url: str) -> None:
        if url not in self._collecting:
            self._collecting.add(url)
            self.start(self._collect(url))

    async def _collect(self, url: str) -> None:
        """Send an endpoint's due notifications, a batch at a time, until none waits."""
        try:
            while sendable := self._sendable(url):
                pause = float(self._setting("batchSeconds"))
                await self._tenant.clock.until(min(each.due for each in sendable) + timedelta(seconds=pause))
                await self.running.wait()
                now = self._tenant.clock.now()
                self._post([each for each in self._sendable(url) if each.due <= now], hurry=False)
        finally:
            self._collecting.discard(url)

    def _post(self, notifications: list[Notification], *, hurry: bool) -> None:
        """Start deliveries of at most batchMax notifications of one endpoint each, in any order."""
        now = self._tenant.clock.now()
        health = self.endpoints.of(notifications[0].url, now) if notifications else None
        if health is not None and health.state == "drop":
            self._lose([each for each in notifications if "changeType" in each.item])
            notifications = [each for each in notifications if "changeType" not in each.item]
        posted = {id(each) for each in notifications}
        self.waiting = [each for each in self.waiting if id(each) not in posted]
        began = health.until if health is not None and health.until is not None else now
        if self._setting("shuffle"):
            self._random.shuffle(notifications)
        most = int(self._setting("batchMax"))
        for start in range(0, len(notifications), most):
            delivery = Delivery(notifications[start : start + most], began, Limits.of(self._tenant.settings), self)
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
