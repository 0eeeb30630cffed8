"""The lies of Graph in a run, of the directory and the vault: each begins with a verb, and ends after a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, get_args

from shared.errors import GraphForbidden, GraphRejected, GraphUnauthorized
from shared.graph.subscriptions import resource_of
from tests.schedules.site import Site, outage
from tests.schedules.verbs import variant_of, which_of
from tests.simulation import lies
from tests.simulation.lies import EVERY, LONGEST

HOURS = (0.3, 1.0, 4.0, 20.0)
TOTAL = ("401", "403", "outage", "vault")  # while they last, nothing else can happen: a quarter of the time
ROOMS_SECONDS = 600.0  # shorter than the time after which fewer rooms are believed
SKEW = timedelta(minutes=9)
LONGEST_MINUTES = (4230, 1440, 60)
Then = Literal["limit", "forbidden", "conflict", "twin"]
THEN: tuple[Then, ...] = get_args(Then)
# What is said of one mailbox, or of all: of its subscriptions, and of the mailbox.
OF_SUBSCRIPTIONS = {"404": "untrue_404", "silent": "silent", "lost answers": "unreadable_answers"}
OF_MAILBOXES = {"429 of one": "quota_for", "throttled": "throttled", "twins": "accepts_twins", "scope": "forbidden"}
End = Callable[[], object]


class Lies:
    """Begins lies, and ends them when their time is over."""

    def __init__(self, site: Site, mailboxes: list[str], skew: Callable[[timedelta], None]) -> None:
        self._site, self._mailboxes, self._skew = site, mailboxes, skew
        self._ends: list[tuple[float, str, End]] = []
        self.ended: Callable[[], object] = lambda: None  # called when lies end

    def begin(self, name: str, number: int) -> None:
        """Begin a lie, about one mailbox or about all."""
        variant = variant_of(number)
        seconds = HOURS[variant % len(HOURS)] * (900 if name in TOTAL else 3600)
        seconds = ROOMS_SECONDS if name == "rooms" else seconds
        end = self._started(name, self._mailboxes[which_of(number) % len(self._mailboxes)], variant // len(HOURS))
        self._ends.append((self._site.scheduler.clock.seconds + seconds, name, end))

    def end_due(self) -> None:
        """End the lies whose time is over."""
        now = self._site.scheduler.clock.seconds
        over = [each for each in self._ends if each[0] <= now]
        self._ends = [each for each in self._ends if each[0] > now]
        for _, _, end in over:
            end()
            self.ended()

    def end_all(self) -> None:
        """End every lie."""
        self._ends = []
        self._site.end_lies()
        self._skew(timedelta())
        self.ended()

    @property
    def present(self) -> list[str]:
        """The names of the lies that are told now."""
        return [name for _, name, _ in self._ends]

    def _started(self, name: str, mailbox: str, variant: int) -> End:
        """Begin, and return what ends the lie."""
        graph = self._site.graph
        is_of_all = variant % 5 == 0
        if name in OF_SUBSCRIPTIONS:
            graph.post_after_404 = THEN[variant // 5 % len(THEN)] if name == "404" else graph.post_after_404
            ids = {each.subscription.id for each in graph.of(mailbox) if each.own}
            return self._said(graph, OF_SUBSCRIPTIONS[name], EVERY if is_of_all else ids)
        if name == "scope":
            ends = [self._said(each, "forbidden", {mailbox}) for each in (graph, self._site.calendars)]
            return lambda: [end() for end in ends]
        if name in OF_MAILBOXES:
            return self._said(graph, OF_MAILBOXES[name], EVERY if is_of_all and name == "twins" else {mailbox})
        if name == "row":
            self._site.spoil(mailbox)
            return lambda: self._site.mend(mailbox)
        return self._refused(name) if name in ("401", "403", "outage") else self._of_all(name, variant)

    def _of_all(self, name: str, variant: int) -> End:
        site, graph = self._site, self._site.graph
        if name.startswith("list"):
            graph.listing = _listing(name, variant)
            return lambda: setattr(graph, "listing", lambda living, _: living)
        if name == "lifetime":
            graph.longest, graph.names_longest = timedelta(minutes=LONGEST_MINUTES[variant % 3]), variant % 2 == 0
            return lambda: setattr(graph, "longest", LONGEST)
        if name == "spelling":
            graph.spelled = lambda mailbox: f"Users('{mailbox.upper()}')/Events"
            return lambda: setattr(graph, "spelled", resource_of)
        if name == "skew":
            self._skew(SKEW if variant % 2 else -SKEW)
            return lambda: self._skew(timedelta())
        if name == "vault":
            site.has_vault = False
            return lambda: setattr(site, "has_vault", True)
        return self._rooms(variant)

    def _rooms(self, variant: int) -> End:
        """Let the directory answer without rooms, with half of them, or that the lists do not exist.

        An answer that lacks one or two rooms is no lie that the relay could see: it believes that one has left.
        """
        directory = self._site.directory
        for address, rooms in directory.rooms.items():
            is_half = variant % 3 == 0 and len(rooms) > 4
            directory.shown[address] = set(sorted(rooms)[: len(rooms) // 2]) if is_half else set()
        directory.denied = set(directory.rooms) if variant % 3 == 1 else set()
        return directory.end_lies

    def _said(self, of: Any, attribute: str, what: set[str]) -> End:
        if what is EVERY:
            setattr(of, attribute, EVERY)
            return lambda: setattr(of, attribute, set())
        told: set[str] = getattr(of, attribute)
        if told is not EVERY:
            told |= what
        return lambda: setattr(of, attribute, EVERY if getattr(of, attribute) is EVERY else told - what)

    def _refused(self, name: str) -> End:
        errors = {"401": GraphUnauthorized(401, "Refused"), "403": GraphForbidden(403, "Refused"), "outage": outage()}
        parts: list[Any] = [self._site.graph, self._site.calendars, self._site.directory]
        for each in parts:
            each.refuse_all = errors[name]

        def end() -> None:
            for each in parts:
                each.refuse_all = None

        return end


def _listing(name: str, variant: int) -> lies.Listing:
    error = GraphRejected(400, "InvalidNextLink") if name == "list link" else GraphRejected(500, "UnknownError")
    listings: dict[str, lies.Listing] = {
        "list empty": lies.empty, "list partial": lies.partial(2 + variant % 3), "list expired": lies.with_expired,
        "list repeating": lies.repeating(3), "list failing": lies.failing(error, variant % 4),
        "list link": lies.failing(error, 1 + variant % 4),
    }  # fmt: skip
    return listings[name]
