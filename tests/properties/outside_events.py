"""Events outside of the relay, in any order, as rules of a state machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from shared.errors import GraphForbidden, GraphUnauthorized
from tests.properties.interruptions import Interruptions
from tests.properties.invariants import DIRECT, Invariants
from tests.simulation.lies import LONGEST
from tests.simulation.world import World

MAILBOXES = [f"room{number}@contoso.com" for number in range(3)]
ANY = st.sampled_from(MAILBOXES)
VERBS = st.sampled_from(["POST", "GET", "PATCH", "DELETE", "LIST"])
ELSEWHERE = "https://gone.example"
STATUSES = st.sampled_from([0, 429, 503])


class Outside(RuleBasedStateMachine):
    """The customer, Graph, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.graph = self.world.subscriptions
        self.expected = Invariants(self.world)
        self.interrupt = Interruptions(self.world)

    @rule(minutes=st.sampled_from([1, 9, 31, 300, 1500, 6000, 11000]))
    def time(self, minutes: int) -> None:
        """Time passes: subscriptions expire."""
        self.world.time += timedelta(minutes=minutes)
        self.graph.live()

    @rule(mailbox=st.sampled_from([*MAILBOXES, DIRECT]), notified=st.booleans())
    def vanish(self, mailbox: str, *, notified: bool) -> None:
        """Graph removes a subscription, with or without a notification, which may arrive twice."""
        for held in self.graph.of(mailbox):
            if held.own:
                self.graph.lose(held.subscription.id)
                for _ in range(2 if notified else 0):
                    self.world.lifecycle(held, "subscriptionRemoved")

    @rule(mailbox=ANY, kind=st.sampled_from(["reauthorizationRequired", "missed", "subscriptionRemoved"]))
    def lifecycle(self, mailbox: str, kind: str) -> None:
        """Graph notifies a lifecycle event of an existing subscription, correct or not."""
        for held in self.graph.of(mailbox):
            if held.own:
                self.world.lifecycle(held, kind)

    @rule(mailbox=st.sampled_from([*MAILBOXES, "nobody@contoso.com"]))
    def duplicate(self, mailbox: str) -> None:
        """A subscription of the relay appears that no row names, as after a killed setup."""
        url = self.world.settings.public_base_url
        end = self.world.time + min(timedelta(days=5), self.graph.longest)
        self.graph.hold(mailbox, f"{url}/api/notifications", f"{url}/api/lifecycle", "unknown", end)

    @rule(mailbox=ANY)
    def foreigner(self, mailbox: str) -> None:
        """Another deployment of the same app registration watches the same mailbox."""
        urls = ("https://other.example/api/notifications", "https://other.example/api/lifecycle")
        held = self.graph.hold(
            mailbox, *urls, "theirs", self.world.time + min(timedelta(days=6), self.graph.longest), own=False
        )
        self.expected.foreign[held.subscription.id] = held

    @rule(mailbox=ANY, mute=st.booleans())
    def damage(self, mailbox: str, *, mute: bool) -> None:
        """A subscription loses its lifecycle URL, or posts to another address."""
        for held in self.graph.of(mailbox):
            row = self.expected.row(mailbox)
            if held.own and row is not None and row.subscription_id == held.subscription.id:
                moved = replace(held.subscription, notification_url=f"{ELSEWHERE}/api/notifications")
                damaged = replace(held.subscription, lifecycle_url="") if mute else moved
                self.graph.held[held.subscription.id] = replace(held, subscription=damaged)

    @rule(name=st.sampled_from(["relay", "moved"]))
    def address(self, name: str) -> None:
        """PUBLIC_BASE_URL changes with a deployment; existing subscriptions post to the old one."""
        url = f"https://{name}.example"
        if self.world.given["PUBLIC_BASE_URL"] != url:
            self.world.given["PUBLIC_BASE_URL"] = url
            self.world.start()

    @rule()
    def rotate(self) -> None:
        """The clientState's key has a new version; the oldest retires."""
        self.world.rotate()

    @rule(mailbox=ANY, what=st.sampled_from(["forbidden", "missing"]))
    def withdraw(self, mailbox: str, what: str) -> None:
        """The permission or the mailbox is removed, or restored."""
        getattr(self.graph, what).symmetric_difference_update({mailbox})
        if what == "forbidden":
            self.world.events.forbidden = set(self.graph.forbidden)

    @rule(allowed=st.sampled_from(["@contoso.com", "room0@contoso.com", "room1@contoso.com,direct@contoso.com"]))
    def allow(self, allowed: str) -> None:
        """The customer changes ALLOWED_MAILBOXES."""
        self.world.given["ALLOWED_MAILBOXES"] = allowed
        self.world.start()

    @rule(verb=VERBS, status=STATUSES, late=st.booleans(), times=st.integers(1, 3))
    def fault(self, verb: str, status: int, times: int, *, late: bool) -> None:
        """The next calls of a kind fail, before their effect or after it."""
        self.interrupt.faults += [(verb, status, late)] * times

    @precondition(lambda self: self.interrupt.stale is None)
    @rule()
    def stale_list(self) -> None:
        """Graph's next listing has the state of this moment."""
        self.interrupt.stale = [held.subscription for held in self.graph.live()]

    @rule(
        lie=st.sampled_from(["404", "401", "403", "quota", "twins", "lifetime", "silent", "unreadable", "none"]),
        mailbox=ANY,
    )
    def lies(self, lie: str, mailbox: str) -> None:
        """Graph begins to lie about a mailbox or about all, or ends all lies."""
        ids = [held.subscription.id for held in self.graph.of(mailbox)]
        if lie == "none":
            self.end_lies()
        elif lie == "404":
            self.graph.untrue_404.update(ids)
        elif lie in ("401", "403"):
            kind = GraphUnauthorized if lie == "401" else GraphForbidden
            self.graph.refuse_all = kind(int(lie), "Refused")
        elif lie == "lifetime":
            self.graph.longest = timedelta(minutes=1_440)
        else:
            {"quota": self.graph.quota_for, "twins": self.graph.accepts_twins}.get(lie, set()).add(mailbox)
            {"silent": self.graph.silent, "unreadable": self.graph.unreadable_answers}.get(lie, set()).update(ids)

    @rule(minutes=st.sampled_from([0, 10, 0, -10]))
    def clock(self, minutes: int) -> None:
        """The clock of this instance differs from Graph's."""
        self.world.skew = timedelta(minutes=minutes)

    def end_lies(self) -> None:
        """Let Graph tell the truth."""
        for lie in ("untrue_404", "quota_for", "accepts_twins", "silent", "unreadable_answers"):
            getattr(self.graph, lie).clear()
        self.graph.refuse_all, self.graph.longest = None, LONGEST
