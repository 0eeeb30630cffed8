"""An upgrade in the middle of a simulation, from the version before, which is played by what it stores.

Its rows and messages are in storage when the new version starts. One in a hundred of its creations and renewals was
interrupted. For ten minutes its last instance goes on to write to rows, as during a deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from shared.graph import client_state
from shared.storage.watches import Watch, watch_id_of
from tests.simulation.agenda import DAY
from tests.simulation.earlier import make_earlier, message, write
from tests.simulation.measures import TIMER
from tests.simulation.stage import Stage
from tests.simulation.subscriptions import Held

SIDE_BY_SIDE = timedelta(minutes=10)
STAMPED_WITHIN = timedelta(minutes=65)  # two runs of the timer
DONE_WITHIN = timedelta(hours=26)  # each subscription is asked for once a day
SHARE = 100  # one in so many watches for each kind of interrupted or late work
KINDS = ("reauthorizationRequired", "missed", "subscriptionRemoved", "resync", "resync-full")


class Upgrade:
    """Upgrades once, and checks afterwards that every row is one of the new version, and names what it named."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._named: dict[str, str] = {}

    def plan(self) -> None:
        """Put the upgrade on the agenda, in the middle."""
        agenda = self._stage.agenda
        agenda.at(agenda.start + (agenda.end - agenda.start) / 2, self._begin)

    def _begin(self) -> None:
        stage, world = self._stage, self._stage.world
        if stage.down:  # nobody upgrades during an outage
            stage.agenda.at(world.time + timedelta(hours=1), self._begin)
            return
        stage.results.count("rows of the version before", make_earlier(world))
        usable = [each for each in self._watches() if stage.is_wanted(each.mailbox) and self._is_living(each)]
        shuffled = stage.chance.sample(usable, len(usable))
        number = max(1, len(usable) // SHARE)
        created, renewed, late, again, *told = (shuffled[first::SHARE][:number] for first in range(4 + len(KINDS)))
        for watch in created:
            self._interrupt_creation(watch)
        for watch in renewed:
            write(world, watch.id, expires=(watch.expires or world.time).isoformat(), renewed="")
            self._renew(watch, is_recorded=False)
        for kind, watches in zip(KINDS, told, strict=True):
            for watch in watches:
                world.job_texts.put(message(kind, watch.id, "" if "resync" in kind else watch.subscription_id))
        world.job_texts.put(message("reconcile", ""))
        self._named = {each.mailbox: each.subscription_id for each in usable}
        world.start()
        stage.agenda.at(world.time + SIDE_BY_SIDE, lambda: self._write_late(late, again))
        for within, check in ((STAMPED_WITHIN, _has_due_at), (DONE_WITHIN, _is_new)):
            stage.agenda.at(world.time + within, partial(self._check, within, check))
        stage.agenda.at(world.time + DONE_WITHIN, self._check_all_kept)

    def _write_late(self, renewed: Sequence[Watch], again: Sequence[Watch]) -> None:
        """Let the last instance of the version before end its work: renewals, and new subscriptions for lost ones."""
        for watch in renewed:
            if self._is_living(watch):
                self._renew(watch, is_recorded=True)
        for watch in again:
            if self._is_living(watch):
                self._replace(watch)

    def _interrupt_creation(self, watch: Watch) -> None:
        """Let a creation end after Graph's answer to the POST: the row does not name the subscription."""
        moment = (self._stage.world.time - timedelta(seconds=10)).isoformat()
        write(self._stage.world, watch.id, subscription_id="", expires="", pending_since=moment, state="pending")

    def _renew(self, watch: Watch, *, is_recorded: bool) -> None:
        """Let the version before renew a subscription; its process may have ended before it wrote the new end."""
        world = self._stage.world
        held = world.subscriptions.held[watch.subscription_id]
        expires = world.time + timedelta(days=6)
        world.subscriptions.held[watch.subscription_id] = replace(
            held, subscription=replace(held.subscription, expires=expires)
        )
        if is_recorded:
            write(world, watch.id, expires=expires.isoformat(), renewed=world.time.isoformat(), state="live", tried="")

    def _replace(self, watch: Watch) -> None:
        """Let the version before create a new subscription in the place of one that is lost."""
        world = self._stage.world
        old = world.subscriptions.held[watch.subscription_id]
        key = client_state.signing_key(world.keys, world.time)
        subscription, state = old.subscription, client_state.sign(watch.id, key, "relay", "")
        expires = world.time + timedelta(days=6)
        new = world.subscriptions.hold(
            old.mailbox, subscription.notification_url, subscription.lifecycle_url, state, expires
        )
        world.subscriptions.lose(watch.subscription_id)
        write(
            world, watch.id, subscription_id=new.subscription.id, former_id=watch.subscription_id, state="live",
            expires=expires.isoformat(), renewed=world.time.isoformat(), key_version=key.version, pending_since="",
        )  # fmt: skip
        self._named[old.mailbox] = new.subscription.id

    def _check(self, within: timedelta, is_taken_over: Callable[[Watch, str], bool]) -> None:
        """Check every row whose mailbox is wanted, once all parts have answered for a time."""
        stage, up_since = self._stage, self._stage.silence.all_up_since
        if up_since is None or stage.world.time - up_since < within:
            stage.agenda.at(stage.world.time + TIMER, partial(self._check, within, is_taken_over))
            return
        settings_hash = stage.world.timing().settings_hash
        for watch in self._watches():
            is_judged = stage.is_wanted(watch.mailbox) and not stage.silence.was_answered_falsely(
                watch.mailbox, 2 * DAY
            )
            if is_judged and watch.state == "live" and not is_taken_over(watch, settings_hash):
                stage.results.broken.append(f"a row of the version before was not taken over: {watch}")

    def _check_all_kept(self) -> None:
        for mailbox, subscription_id in self._named.items():
            self._check_kept(mailbox, subscription_id)

    def _check_kept(self, mailbox: str, subscription_id: str) -> None:
        """Check that a watch names the subscription that it had, if that lives."""
        stage = self._stage
        held = stage.world.subscriptions.held.get(subscription_id)
        watch = stage.world.watches.get(watch_id_of(mailbox))
        if held is None or watch is None or stage.silence.was_answered_falsely(mailbox, 2 * DAY):
            return
        if watch.subscription_id != subscription_id:
            stage.results.broken.append(f"after the upgrade {watch} does not name {subscription_id}, which lives")
        stage.results.count("subscriptions that lived on after the upgrade")

    def _watches(self) -> list[Watch]:
        rows = (self._stage.world.watches.get(watch_id_of(mailbox)) for mailbox in self._stage.mailboxes)
        return [row for row in rows if row is not None]

    def _is_living(self, watch: Watch) -> bool:
        held: Held | None = self._stage.world.subscriptions.held.get(watch.subscription_id)
        return held is not None and watch.mailbox == held.mailbox


def _has_due_at(watch: Watch, _: str) -> bool:
    return watch.due_at is not None and bool(watch.settings_hash)


def _is_new(watch: Watch, settings_hash: str) -> bool:
    is_described = watch.described_id == watch.subscription_id and bool(watch.posts_to)
    return watch.due_at is not None and watch.settings_hash == settings_hash and is_described
