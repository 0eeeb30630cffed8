"""What the parts of a simulated year share: the world, the agenda, the measurements, and what does not answer now."""

from __future__ import annotations

from collections.abc import Sequence

from azure.core.exceptions import HttpResponseError

from shared.errors import GraphUnavailable, ServiceUnavailable
from tests.simulation.agenda import DAY, Agenda
from tests.simulation.measures import Results, Silence
from tests.simulation.reasons import Reasons
from tests.simulation.subscriptions import Held
from tests.simulation.world import START, World

GRAPH, RELAY, STORAGE = "Graph", "the relay", "storage"
ALL_DOMAINS, WITHOUT_ANNEX = "@contoso.com,@annex.example", "@contoso.com"
ANNEX_EVERY = 20  # one in so many mailboxes is in a domain that the settings forbid now and then


class Stage:
    """A number of mailboxes for some days. `down` are the parts that do not answer."""

    def __init__(self, seed: int, days: int, subscriptions: int, **settings: str) -> None:
        self.agenda = Agenda(seed, START, START + days * DAY)
        self.chance = self.agenda.chance
        self.world = World(**({"ALLOWED_MAILBOXES": ALL_DOMAINS} | settings))
        self.mailboxes = [_mailbox(number) for number in range(subscriptions)]
        self.annex = [mailbox for mailbox in self.mailboxes if mailbox.endswith("annex.example")]
        self.results = Results()
        self.silence = Silence(self.world, self.results)
        self.reasons = Reasons(self.world)
        self.down: set[str] = set()
        self._wire()

    def living(self, mailbox: str) -> Sequence[Held]:
        """Return the living subscriptions of a mailbox."""
        return self.world.subscriptions.of(mailbox)

    def is_wanted(self, mailbox: str) -> bool:
        """Return whether a mailbox should have a subscription now."""
        return mailbox not in self.reasons.deleted and mailbox not in self.reasons.forbidden

    def _wire(self) -> None:
        """Make outages affect every part."""
        world = self.world
        world.subscriptions.before = world.events.before = lambda _: self._need_graph()
        for queue in world.queues:
            queue.before = self._need_queues
        for table in world.tables:
            table.before = self._need_tables

    def _need_graph(self) -> None:
        if GRAPH in self.down:
            raise GraphUnavailable(503, "ServiceUnavailable")

    def _need_queues(self) -> None:
        if STORAGE in self.down:
            raise ServiceUnavailable("storage")

    def _need_tables(self) -> None:
        if STORAGE in self.down:
            error = HttpResponseError("down")
            error.status_code = 503
            raise error


def _mailbox(number: int) -> str:
    return f"room{number}@{'annex.example' if number % ANNEX_EVERY == 1 else 'contoso.com'}"
