"""Promise 5, by a state machine: whatever happens to watches and subscriptions, each ends with exactly one live one.

The real use cases run over a strict Graph in memory. Calls fail before or after their effect, the process is killed
between any two calls, runs interrupt each other, keys rotate, addresses change, mailboxes are added and removed.
More runs: `EXAMPLES_SHARE=4 pytest tests/properties/test_reconcile_machine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.errors import RelayError
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.properties.interruptions import Interruptions, Killed
from tests.properties.invariants import DIRECT, PARTNER, Invariants
from tests.simulation.world import World
from tests.support.examples import examples

MAILBOXES = [f"room{number}@contoso.com" for number in range(3)]
ANY = st.sampled_from(MAILBOXES)
VERBS = st.sampled_from(["POST", "PATCH", "DELETE", "LIST"])
ELSEWHERE = "https://gone.example"
STATUSES = st.sampled_from([0, 429, 503])


class Machine(RuleBasedStateMachine):
    """The events, in any order; `teardown` lets everything recover and checks the final state."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.graph = self.world.subscriptions
        self.expected = Invariants(self.world)
        self.interrupt = Interruptions(self.world)

    # ---- actions of the relay

    @initialize(mailboxes=st.lists(ANY, unique=True))
    def start(self, mailboxes: list[str]) -> None:
        """The partner has requested some watches already."""
        for mailbox in mailboxes:
            self.set_up(mailbox)

    @rule(mailbox=ANY)
    def set_up(self, mailbox: str) -> None:
        """The partner requests a watch."""
        self.expected.wanted.add(mailbox)
        self._run(lambda: self.world.watch_setup.subscribe(WatchRequest(mailbox)))
        self.expected.forget_if_unstored(mailbox)

    @rule()
    def set_up_direct(self) -> None:
        """The partner requests a watch with direct delivery."""
        self.expected.wanted.add(DIRECT)
        self._run(lambda: self.world.watch_setup.subscribe(WatchRequest(DIRECT, "direct", PARTNER)))
        self.expected.forget_if_unstored(DIRECT)

    @rule(mailbox=ANY)
    def take_down(self, mailbox: str) -> None:
        """The partner deletes a watch; a failed call is repeated later, so the watch still exists."""
        self._run(lambda: self.world.watch_setup.unsubscribe(watch_id_of(mailbox)))
        if self.expected.row(mailbox) is None:
            self.expected.wanted.discard(mailbox)
            self.expected.gaps.pop(mailbox, None)

    @rule()
    def timer(self) -> None:
        """The reconciler runs."""
        self._run(self.world.reconciler.reconcile)

    @rule(verb=VERBS)
    def two_timers(self, verb: str) -> None:
        """A second run starts and ends while the first is at a call."""
        self.interrupt.meet = (verb, lambda: self._run(self.world.reconciler.reconcile))
        self.timer()
        self.interrupt.meet = None

    @rule()
    def night(self) -> None:
        """Every mailbox gets a nightly resync."""
        self._run(self.world.catch_up.queue_nightly_resyncs)

    @rule()
    def queues(self) -> None:
        """The queued messages are processed."""
        self._run(self.world.work)

    @rule(calls=st.integers(0, 12), what=st.sampled_from(["timer", "queues", "set_up"]), mailbox=ANY)
    def killed(self, calls: int, what: str, mailbox: str) -> None:
        """The process is killed between any two calls to Graph and storage, and started again."""
        self.interrupt.calls_left = calls
        self.set_up(mailbox) if what == "set_up" else getattr(self, what)()
        self.interrupt.calls_left = None
        self.world.start()

    # ---- events outside

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
        end = self.world.time + timedelta(days=5)
        self.graph.hold(mailbox, f"{url}/api/notifications", f"{url}/api/lifecycle", "unknown", end)

    @rule(mailbox=ANY)
    def foreigner(self, mailbox: str) -> None:
        """Another deployment of the same app registration watches the same mailbox."""
        urls = ("https://other.example/api/notifications", "https://other.example/api/lifecycle")
        held = self.graph.hold(mailbox, *urls, "theirs", self.world.time + timedelta(days=6), own=False)
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

    # ---- invariants

    @invariant()
    def foreign_are_untouched(self) -> None:
        """No PATCH and no DELETE goes to a foreign subscription."""
        self.expected.foreign_are_untouched()

    @invariant()
    def no_gap_is_lost(self) -> None:
        """A mailbox that is live again after a gap was resynced since, is marked for a resync, or has one queued."""
        self.expected.no_gap_is_lost()

    def teardown(self) -> None:
        """Everything works again; after a few runs beyond the longest retry delay the state is the desired one."""
        self.interrupt.end()
        self.graph.forbidden.clear()
        self.graph.missing.clear()
        self.world.events.forbidden.clear()
        self.world.start()
        for _ in range(8):  # over a week: leftovers of a killed setup at an old address have expired
            self.world.time += timedelta(hours=25)
            self.graph.live()
            self.world.reconciler.reconcile()
            self.expected.live_watches_are_served()
            for _ in range(10):
                self.world.work()
                self.world.time += timedelta(minutes=1)
        self.foreign_are_untouched()
        self.no_gap_is_lost()
        self.expected.each_watch_has_a_single_subscription()
        before = len(self.graph.touched)
        self.world.reconciler.reconcile()
        assert len(self.graph.touched) == before, "a run over what is in order writes nothing"

    def _run(self, work: Callable[[], Any]) -> None:
        """Run a call as the host does: an error is dropped, and a killed process starts again."""
        try:
            work()
        except (RelayError, Killed):
            return


SETTINGS = settings(
    max_examples=examples(250), stateful_step_count=30, deadline=None,
    derandomize=float(os.environ.get("EXAMPLES_SHARE", "1")) <= 1, phases=[Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def test_each_watch_ends_with_a_single_live_subscription() -> None:
    """After any events in any order, and no foreign subscription is ever written to."""
    run_state_machine_as_test(Machine, settings=SETTINGS)
