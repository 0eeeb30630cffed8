"""Promise 5, by a state machine: whatever happens to watches and subscriptions, each ends with exactly one live one.

The real use cases run over a strict Graph in memory. Calls fail before or after their effect, the process is killed
between any two calls, runs interrupt each other, keys rotate, addresses change, mailboxes are added and removed.
More runs: `EXAMPLES_SHARE=4 pytest tests/properties/test_reconcile_machine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shared.errors import RelayError
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.properties.interruptions import Killed
from tests.properties.invariants import DIRECT, PARTNER
from tests.properties.outside_events import ANY, VERBS, Outside
from tests.support.examples import examples


class Machine(Outside):
    """The events, in any order; `teardown` lets everything recover and checks the final state."""

    def __init__(self) -> None:
        super().__init__()
        self.ending: set[str] = set()  # mailboxes whose subscriptions the partner asked to end, or whose set-up failed
        self.deletions = self.world.deletion_rule(self._may_end)

    # ---- actions of the relay

    @initialize(mailboxes=st.lists(ANY, unique=True))
    def start(self, mailboxes: list[str]) -> None:
        """The partner has requested some watches already."""
        for mailbox in mailboxes:
            self.set_up(mailbox)

    @rule(mailbox=ANY)
    def set_up(self, mailbox: str) -> None:
        """The partner requests a watch."""
        self._request(WatchRequest(mailbox))

    @rule()
    def set_up_direct(self) -> None:
        """The partner requests a watch with direct delivery."""
        self._request(WatchRequest(DIRECT, "direct", PARTNER))

    @rule(mailbox=ANY)
    def take_down(self, mailbox: str) -> None:
        """The partner deletes a watch; a failed call is repeated later, so the watch still exists."""
        self.ending.add(mailbox)
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
        self._run(self.world.process)

    @rule(calls=st.integers(0, 12), what=st.sampled_from(["timer", "queues", "set_up"]), mailbox=ANY)
    def killed(self, calls: int, what: str, mailbox: str) -> None:
        """The process is killed between any two calls to Graph and storage, and started again."""
        self.interrupt.calls_left = calls
        self.set_up(mailbox) if what == "set_up" else getattr(self, what)()
        self.interrupt.calls_left = None
        self.world.start()

    # ---- invariants

    @invariant()
    def nothing_living_is_taken_away(self) -> None:
        """Each DELETE had a reason; each mailbox without one had another subscription."""
        self.deletions.check()

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
        self.end_lies()
        self.world.skew = None
        self.graph.forbidden.clear()
        self.graph.missing.clear()
        self.world.events.forbidden.clear()
        self.world.start()
        for _ in range(9):  # over a week: leftovers of a killed setup have expired
            self.world.time += timedelta(hours=25)
            for _ in range(4):  # what Graph denied is confirmed, and what it says of addresses is acted on
                self.world.reconciler.reconcile()
                self.world.process()
                self.world.time += timedelta(minutes=2)
        self.foreign_are_untouched()
        self.no_gap_is_lost()
        self.deletions.check()
        self.expected.each_watch_has_a_single_subscription()
        before = len(self.graph.touched)
        self.world.reconciler.reconcile()
        assert len(self.graph.touched) == before, "a run over what is in order writes nothing"

    def _request(self, request: WatchRequest) -> None:
        """Make a setup call. A rejected one leaves nothing: what it made is deleted. An answer ends a deletion."""
        self.expected.wanted.add(request.mailbox)
        if self.expected.row(request.mailbox) is None:
            self.ending.add(request.mailbox)
        answers: list[object] = []
        self._run(lambda: answers.append(self.world.watch_setup.subscribe(request)))
        self.expected.forget_if_unstored(request.mailbox)
        if request.mailbox in self.expected.wanted and answers:
            self.ending.discard(request.mailbox)

    def _may_end(self, mailbox: str) -> bool:
        """With direct delivery one that an interrupted attempt left is replaced: the partner may not know its key."""
        return mailbox == DIRECT or mailbox in self.ending or not self.world.allow_list.allows(mailbox)

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
