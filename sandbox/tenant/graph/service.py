"""The shared state of the simulated Graph, attached to the tenant."""

import random
from datetime import timedelta
from typing import Any

from sandbox.tenant.graph.access import Access
from sandbox.tenant.graph.bookings_store import BookingBusiness
from sandbox.tenant.graph.calendar import Calendar
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.lies import Lies, concerns
from sandbox.tenant.graph.processing import Processing
from sandbox.tenant.graph.registry import Registry
from sandbox.tenant.graph.sender import Sender
from sandbox.tenant.graph.settings import setting
from sandbox.tenant.graph.switches import Switches
from sandbox.tenant.graph.throttle import Throttle
from sandbox.tenant.graph.versions import Versions
from sandbox.tenant.state import Mailbox, Tenant


class Graph:
    """The state of the simulated Graph; `random` is seeded so that runs can be repeated."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.clock = tenant.clock
        self.random = random.Random(setting(tenant.settings, "seed"))
        self.switches = Switches(setting(tenant.settings, "seed"))
        self.access = Access(tenant, self.switches)
        self.throttle = Throttle(tenant.clock)
        self.registry = Registry(tenant.clock)
        self.lies = Lies()
        self.sender = Sender(
            tenant, self.registry, self.random, lambda each: concerns(self.lies.silent, each), self.hint_delay
        )
        self.processing = Processing(self)
        self.versions: dict[str, Versions] = {}
        """What lists show of each mailbox, by its id."""
        self.bookings: dict[str, BookingBusiness] = {}
        """The booking businesses, by their lower-case address."""
        self.directory: Any = None
        """Which writes the directory does not show yet."""

    def hint_delay(self, mailbox: Mailbox, write: str) -> float:
        """Return how many of the tenant's seconds the notifications of a write are late."""
        return self.switches.number("hintDelaySeconds", mailbox.address, write)

    def note(self, mailbox: Mailbox, event: Event) -> None:
        """Keep the state of an event after a write, for lists that lag."""
        now = self.clock.now()
        delay = self.switches.number("listLagSeconds", mailbox.address, event.change_key + str(now))
        versions = self.versions.setdefault(mailbox.id, Versions())
        versions.note(self.calendar(mailbox), event, now, now + timedelta(seconds=delay))

    def listed(self, mailbox: Mailbox) -> Calendar:
        """Return a mailbox's calendar as lists and views show it, which may lag."""
        calendar = self.calendar(mailbox)
        if not self.switches.is_on("listLagSeconds", mailbox.address) or mailbox.id not in self.versions:
            return calendar
        return self.versions[mailbox.id].shown(calendar, self.clock.now())

    def spelled(self, address: str) -> str:
        """Return an address as answers spell it."""
        return address.title() if self.switches.is_on("capitalsInAddresses", address) else address

    def setting(self, name: str) -> Any:
        """Return a setting of the tenant."""
        return setting(self.tenant.settings, name)

    def calendar(self, mailbox: Mailbox) -> Calendar:
        """Return a mailbox's calendar, created at first use."""
        if mailbox.calendar is None:
            mailbox.calendar = Calendar()
        calendar: Calendar = mailbox.calendar
        calendar.zone = self.switches.choice("zoneOfMailbox", mailbox.address)
        return calendar


def graph_of(tenant: Tenant) -> Graph:
    """Return the tenant's Graph, created at first use."""
    if tenant.graph is None:
        tenant.graph = Graph(tenant)
    graph: Graph = tenant.graph
    return graph
