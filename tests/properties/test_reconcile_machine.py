"""Promise 5, by a state machine: whatever happens to watches and subscriptions, each ends with exactly one live one.

The real use cases run over a strict Graph in memory. Calls fail before or after their effect, the process is killed
between any two calls, runs meet in the middle of each other, keys rotate, addresses change, mailboxes come and go.
More and longer runs: `RELAY_MACHINE_EXAMPLES=1000 pytest tests/properties/test_reconcile_machine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.errors import GraphUnavailable, RelayError
from shared.graph.client_state import LEARNING_TIME, watch_named_by
from shared.relay.gaps import queue_nightly_resyncs
from shared.relay.reconcile import reconcile
from shared.relay.subscribe import Wish, subscribe, unsubscribe
from shared.storage.watches import Watch, watch_id_of
from simulation.subscriptions import Held
from simulation.world import World

MAILBOXES = [f"room{number}@contoso.com" for number in range(3)]
DIRECT = "direct@contoso.com"
PARTNER = "https://partner.example/graph"
ANY = st.sampled_from(MAILBOXES)
VERBS = st.sampled_from(["POST", "PATCH", "DELETE", "LIST"])
STATUSES = st.sampled_from([0, 429, 503])


class Killed(BaseException):
    """The process ends here: nothing catches it, and no further call is made until it is started again."""


class Machine(RuleBasedStateMachine):
    """What may happen, in any order; `teardown` lets everything heal and says what must be true then."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.graph = self.world.subscriptions
        self.wanted: set[str] = set()
        self.foreign: dict[str, Held] = {}
        self.gaps: dict[str, Any] = {}
        self.patched: dict[str, list[Any]] = {}
        self.calls_left: int | None = None
        self.meet: tuple[str, Callable[[], None]] | None = None
        self.faults: list[tuple[str, int, bool]] = []
        self.stale: list[Any] | None = None
        self.graph.before, self.graph.after = self._before, self._after
        self.graph.lost, self.graph.created = self._lost, self._created
        self.world.rows.before = self.world.repairs.before = self._step

    # ---- what the relay does

    @rule(mailbox=ANY)
    def set_up(self, mailbox: str) -> None:
        """The partner asks for a watch."""
        self.wanted.add(mailbox)
        self._run(lambda: subscribe(self.world, Wish(mailbox)))  # type: ignore[arg-type]
        self._forget_unmade(mailbox)

    @rule()
    def set_up_direct(self) -> None:
        """The partner asks for one that Graph serves directly."""
        self.wanted.add(DIRECT)
        self._run(lambda: subscribe(self.world, Wish(DIRECT, "direct", PARTNER)))  # type: ignore[arg-type]
        self._forget_unmade(DIRECT)

    @rule(mailbox=ANY)
    def take_down(self, mailbox: str) -> None:
        """The partner lets go of one; a call that fails is repeated later, so it still stands."""
        self._run(lambda: unsubscribe(self.world, watch_id_of(mailbox)))  # type: ignore[arg-type]
        if self._row(mailbox) is None:
            self.wanted.discard(mailbox)
            self.gaps.pop(mailbox, None)

    @rule()
    def timer(self) -> None:
        """The reconciler runs."""
        self._run(lambda: reconcile(self.world))  # type: ignore[arg-type]

    @rule(verb=VERBS)
    def two_timers(self, verb: str) -> None:
        """A second run starts and ends while the first is at a call."""
        self.meet = (verb, lambda: self._run(lambda: reconcile(self.world)))  # type: ignore[arg-type]
        self.timer()
        self.meet = None

    @rule()
    def night(self) -> None:
        """Every mailbox is to be resynced."""
        self._run(lambda: queue_nightly_resyncs(self.world))  # type: ignore[arg-type]

    @rule()
    def queues(self) -> None:
        """What waits is worked off."""
        self._run(self.world.work)

    @rule(calls=st.integers(0, 12), what=st.sampled_from(["timer", "queues", "set_up"]), mailbox=ANY)
    def killed(self, calls: int, what: str, mailbox: str) -> None:
        """The process is killed between any two calls to Graph and storage, and started again."""
        self.calls_left = calls
        self.set_up(mailbox) if what == "set_up" else getattr(self, what)()
        self.calls_left = None
        self.world.start()

    # ---- what happens to it

    @rule(minutes=st.sampled_from([1, 9, 31, 300, 1500, 6000, 11000]))
    def time(self, minutes: int) -> None:
        """Time passes: subscriptions expire."""
        self.world.time += timedelta(minutes=minutes)
        self.graph.live()

    @rule(mailbox=st.sampled_from([*MAILBOXES, DIRECT]), told=st.booleans())
    def vanish(self, mailbox: str, *, told: bool) -> None:
        """Graph removes a subscription, with or without a word; one word may come twice."""
        for held in self.graph.of(mailbox):
            if held.own:
                self.graph.lose(held.told.id)
                for _ in range(2 if told else 0):
                    self.world.tell(held, "subscriptionRemoved")

    @rule(mailbox=ANY, kind=st.sampled_from(["reauthorizationRequired", "missed", "subscriptionRemoved"]))
    def lifecycle(self, mailbox: str, kind: str) -> None:
        """Graph says something of a standing subscription, true or not."""
        for held in self.graph.of(mailbox):
            if held.own:
                self.world.tell(held, kind)

    @rule(mailbox=st.sampled_from([*MAILBOXES, "nobody@contoso.com"]))
    def duplicate(self, mailbox: str) -> None:
        """A subscription of ours appears that no row names, as a killed set-up leaves it."""
        url = self.world.settings.public_base_url
        end = self.world.time + timedelta(days=5)
        self.graph.hold(mailbox, f"{url}/api/notifications", f"{url}/api/lifecycle", "unknown", end)

    @rule(mailbox=ANY)
    def foreigner(self, mailbox: str) -> None:
        """Another deployment of the same app registration watches the same mailbox."""
        urls = ("https://other.example/api/notifications", "https://other.example/api/lifecycle")
        held = self.graph.hold(mailbox, *urls, "theirs", self.world.time + timedelta(days=6), own=False)
        self.foreign[held.told.id] = held

    @rule(mailbox=ANY, mute=st.booleans())
    def damage(self, mailbox: str, *, mute: bool) -> None:
        """A subscription has lost its lifecycle URL, or posts elsewhere."""
        for held in self.graph.of(mailbox):
            row = self._row(mailbox)
            if held.own and row is not None and row.subscription_id == held.told.id:
                worse = {"lifecycle_url": ""} if mute else {"notification_url": "https://gone.example/api/notifications"}
                self.graph.held[held.told.id] = replace(held, told=replace(held.told, **worse))

    @rule(name=st.sampled_from(["relay", "moved"]))
    def address(self, name: str) -> None:
        """PUBLIC_BASE_URL changes with a deployment; what stands posts to the old one."""
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
        """The permission or the mailbox goes, or comes back."""
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
        self.faults += [(verb, status, late)] * times

    @precondition(lambda self: self.stale is None)
    @rule()
    def stale_list(self) -> None:
        """Graph's next list is as old as this moment."""
        self.stale = [one.told for one in self.graph.live()]

    # ---- what must be true

    @invariant()
    def others_are_untouched(self) -> None:
        """No PATCH and no DELETE ever goes to what is not ours."""
        assert not {one for _, one in self.graph.touched} & self.foreign.keys()

    @invariant()
    def no_gap_is_forgotten(self) -> None:
        """Whoever is live again after a gap has been resynced since, or is owed it, or has it queued."""
        queued = {text for _, _, text in self.world.repairs.waiting}
        for mailbox, since in list(self.gaps.items()):
            row = self._row(mailbox)
            if row is None or mailbox == DIRECT:
                continue
            is_served = any(self._serves(row, held) for held in self.graph.of(mailbox))
            viewed = self.world.events.viewed.get(mailbox)
            done = viewed is not None and viewed >= since
            owed = row.gap_since is not None or any(row.id in text and '"resync' in text for text in queued)
            if done and is_served:
                del self.gaps[mailbox]
            assert not is_served or row.subscription_id not in self._ids(mailbox) or done or owed or not row.renewed

    def teardown(self) -> None:
        """Everything answers again; after a few runs over the slowest retry all is as it was asked for."""
        self.faults, self.stale, self.calls_left, self.meet = [], None, None, None
        self.graph.forbidden.clear()
        self.graph.missing.clear()
        self.world.events.forbidden.clear()
        self.world.start()
        for _ in range(8):  # over a week: what a killed set-up left at a former address is gone by then
            self.world.time += timedelta(hours=25)
            self.graph.live()
            reconcile(self.world)  # type: ignore[arg-type]
            self._what_is_live_is_sound()
            for _ in range(10):
                self.world.work()
                self.world.time += timedelta(minutes=1)
        self.others_are_untouched()
        self.no_gap_is_forgotten()
        self._everyone_has_one()
        before = len(self.graph.touched)
        reconcile(self.world)  # type: ignore[arg-type]
        assert len(self.graph.touched) == before, "a run over what is in order writes nothing"

    def _what_is_live_is_sound(self) -> None:
        """One undisturbed run is enough for it: each live watch is served, and nothing else of ours posts to us."""
        rows = [row for row in self.world.watches.all() if row.state == "live"]
        assert all(self._serves(row, self.graph.held[row.subscription_id]) for row in rows), rows
        at_us = {one.told.id for one in self.graph.live() if one.own and self._points_at_us(one)}
        assert at_us == {row.subscription_id for row in rows}

    def _everyone_has_one(self) -> None:
        """Exactly one sound subscription for each allowed watch, none for any other, nothing of ours beside them."""
        rows = {watch.mailbox: watch for watch in self.world.watches.all()}
        assert rows.keys() == self.wanted
        expected = set()
        for mailbox, row in rows.items():
            if not self.world.allow_list.allows(mailbox):
                assert row.state == "paused", row
                continue
            assert row.state == "live", row
            assert self._serves(row, self.graph.held[row.subscription_id]), row
            assert row.gap_since is None, row
            expected.add(row.subscription_id)
        at_us = {one.told.id for one in self.graph.live() if one.own and self._points_at_us(one)}
        assert at_us == expected

    # ---- how it is done

    def _run(self, work: Callable[[], Any]) -> None:
        """Run something as the host does: what fails has failed, and who is killed is gone."""
        try:
            work()
        except (RelayError, Killed):
            return

    def _before(self, verb: str) -> None:
        self._step()
        if self.meet is not None and self.meet[0] == verb:
            (_, second), self.meet = self.meet, None
            second()
        self._fail(verb, late=False)
        if verb == "LIST" and self.stale is not None:
            listed, self.stale = self.stale, None
            live, self.graph.live = self.graph.live, lambda: self._was(listed)  # type: ignore[method-assign]
            self._restore = lambda: setattr(self.graph, "live", live)

    def _was(self, listed: list[Any]) -> list[Held]:
        """Return an old list once."""
        self._restore()
        return [Held(told, "", "") for told in listed]

    def _after(self, verb: str) -> None:
        self._fail(verb, late=True)

    def _fail(self, verb: str, *, late: bool) -> None:
        for number, (wanted, status, is_late) in enumerate(self.faults):
            if (wanted, is_late) == (verb, late):
                del self.faults[number]
                raise GraphUnavailable(status, "Fault", retry_after=1.0 if status == 429 else None)

    def _step(self) -> None:
        """Count down to the kill; who is dead makes no further call."""
        if self.calls_left is None:
            return
        if self.calls_left <= 0:
            raise Killed
        self.calls_left -= 1

    def _lost(self, held: Held, moment: Any) -> None:
        row = self._row(held.mailbox)
        if row is not None and row.renewed and row.subscription_id == held.told.id:
            self.gaps.setdefault(held.mailbox, moment)

    def _created(self, held: Held) -> None:
        """Take the creation as the moment from which a resync must have looked."""
        if held.mailbox in self.gaps:
            self.gaps[held.mailbox] = self.world.time

    def _row(self, mailbox: str) -> Watch | None:
        before, self.world.rows.before = self.world.rows.before, lambda: None
        try:
            return self.world.watches.get(watch_id_of(mailbox))
        finally:
            self.world.rows.before = before

    def _forget_unmade(self, mailbox: str) -> None:
        """A set-up that was refused left nothing; one that was killed left its row, which the reconciler finishes."""
        if self._row(mailbox) is None:
            self.wanted.discard(mailbox)

    def _ids(self, mailbox: str) -> set[str]:
        return {held.told.id for held in self.graph.of(mailbox)}

    def _points_at_us(self, held: Held) -> bool:
        url = self.world.settings.public_base_url
        return held.told.notification_url.startswith(url) or held.told.lifecycle_url.startswith(url)

    def _serves(self, row: Watch, held: Held) -> bool:
        url = self.world.settings.public_base_url
        wanted = PARTNER if row.delivery == "direct" else f"{url}/api/notifications"
        verifies = row.delivery == "direct" or watch_named_by(held.client_state, self.world.keys) == row.id
        return (held.told.notification_url, held.told.lifecycle_url) == (wanted, f"{url}/api/lifecycle") and verifies


PHASES = [Phase.generate, *([Phase.shrink] if "RELAY_MACHINE_SHRINK" in os.environ else [])]  # shrinking takes minutes
Machine.TestCase.settings = settings(
    max_examples=int(os.environ.get("RELAY_MACHINE_EXAMPLES", "250")), stateful_step_count=30, deadline=None,
    derandomize="RELAY_MACHINE_EXAMPLES" not in os.environ, phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
TestReconcileMachine = Machine.TestCase
assert timedelta() < LEARNING_TIME
