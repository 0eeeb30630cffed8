"""What happens to a tenant at random: removals, outages, new keys, changes of the settings, watches that end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from shared.errors import RelayError
from shared.graph import client_state
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.simulation.measures import NOTIFIED, UNNOTICED
from tests.simulation.stage import ALL_DOMAINS, GRAPH, RELAY, STORAGE, WITHOUT_ANNEX, Stage
from tests.simulation.subscriptions import Held

HOUR = timedelta(hours=1)
OUTAGES = ((GRAPH, 1 / 20, 8), (RELAY, 1 / 20, 8), (STORAGE, 1 / 40, 2), (RELAY, 1 / 90, 72), (GRAPH, 1 / 90, 60))


class Disturbances:
    """Disturbs the mailboxes of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def plan(self) -> None:
        """Put all disturbances on the agenda."""
        agenda = self._stage.agenda
        for mailbox in self._stage.mailboxes:
            agenda.now_and_then(1 / 240, partial(self.vanish, mailbox, notified=False))
            agenda.now_and_then(1 / 240, partial(self.vanish, mailbox, notified=True))
            agenda.now_and_then(1 / 60, partial(self._miss, mailbox))
            agenda.now_and_then(1 / 365, partial(self._unsubscribe, mailbox))
        for part, rate, hours in OUTAGES:
            agenda.now_and_then(rate, partial(self._outage, part, hours))
        agenda.now_and_then(1 / 120, self._rotate)
        agenda.at_least_once(1 / 60, self._forbid)

    def vanish(self, mailbox: str, *, notified: bool) -> None:
        """Let Graph remove the subscriptions of a mailbox."""
        for held in self._stage.living(mailbox):
            is_heard = notified and self._is_notified(held)
            self._stage.results.count("removals with notice" if is_heard else "removals in silence")
            self._stage.world.subscriptions.lose(held.subscription.id, cause=NOTIFIED if is_heard else UNNOTICED)
            if is_heard:
                self._stage.world.lifecycle(held, "subscriptionRemoved")

    def end(self) -> None:
        """End all outages, allow all mailboxes, and watch again those that the partner unsubscribed."""
        for part in list(self._stage.down):
            self._recover(part)
        self._allow()
        for mailbox in list(self._stage.reasons.deleted):
            self._subscribe(mailbox)

    def _is_notified(self, held: Held) -> bool:
        """Return whether the relay takes in a notification now."""
        is_true = client_state.verified(held.client_state, self._stage.world.keys) is not None
        is_silent = held.subscription.id in self._stage.world.subscriptions.silent
        return is_true and not is_silent and not {RELAY, STORAGE} & self._stage.down

    def _miss(self, mailbox: str) -> None:
        for held in self._stage.living(mailbox):
            if self._is_notified(held):
                self._stage.results.count("missed")
                self._stage.world.lifecycle(held, "missed")

    def _unsubscribe(self, mailbox: str) -> None:
        """Let the partner delete a watch, and create it again some days later."""
        stage = self._stage
        if not stage.is_wanted(mailbox) or RELAY in stage.down:
            return
        stage.reasons.deleted.add(mailbox)
        stage.silence.unwanted(mailbox)
        try:
            stage.world.watch_setup.unsubscribe(watch_id_of(mailbox))
        except RelayError:
            self._unsubscribe_later(mailbox)
            return
        stage.results.count("watches deleted by the partner")
        stage.world.webhook.knows.pop(mailbox, None)
        stage.agenda.at(stage.world.time + stage.agenda.hours(24, 72), lambda: self._subscribe(mailbox))

    def _unsubscribe_later(self, mailbox: str) -> None:
        """Let the partner call again in an hour, because Graph or storage did not answer."""
        stage = self._stage
        stage.reasons.unfinished.update(held.subscription.id for held in stage.living(mailbox))
        stage.reasons.deleted.discard(mailbox)
        stage.silence.wanted(mailbox)
        stage.agenda.at(stage.world.time + HOUR, lambda: self._unsubscribe(mailbox))

    def _subscribe(self, mailbox: str) -> None:
        stage = self._stage
        if mailbox not in stage.reasons.deleted:
            return
        try:
            if RELAY not in stage.down and mailbox not in stage.reasons.forbidden:
                stage.world.watch_setup.subscribe(WatchRequest(mailbox))
                stage.reasons.deleted.discard(mailbox)
                stage.silence.wanted(mailbox)
                return
        except RelayError:
            stage.results.count("set-ups that failed")
        stage.agenda.at(stage.world.time + HOUR, lambda: self._subscribe(mailbox))

    def _forbid(self) -> None:
        """Take a domain out of ALLOWED_MAILBOXES for some hours. A change of settings restarts the relay."""
        stage = self._stage
        if stage.reasons.forbidden:
            return
        stage.results.count("changes of ALLOWED_MAILBOXES")
        stage.world.given["ALLOWED_MAILBOXES"] = WITHOUT_ANNEX
        stage.world.start()
        stage.reasons.forbidden.update(stage.annex)
        for mailbox in stage.annex:
            stage.silence.unwanted(mailbox)
        stage.agenda.at(stage.world.time + stage.agenda.hours(2, 48), self._allow)

    def _allow(self) -> None:
        stage = self._stage
        forbidden = [*stage.reasons.forbidden]
        if not forbidden:
            return
        stage.world.given["ALLOWED_MAILBOXES"] = ALL_DOMAINS
        stage.world.start()
        stage.reasons.forbidden.clear()
        for mailbox in sorted(forbidden):
            if stage.is_wanted(mailbox):
                stage.silence.wanted(mailbox)

    def _outage(self, part: str, hours: float) -> None:
        stage = self._stage
        if part in stage.down:
            return
        stage.results.count(f"outages of {part}")
        stage.silence.part_went_down()
        stage.down.add(part)
        stage.agenda.at(stage.world.time + stage.agenda.hours(0.1 * hours, 2 * hours), lambda: self._recover(part))

    def _recover(self, part: str) -> None:
        stage = self._stage
        if part not in stage.down:
            return
        stage.down.discard(part)
        if part == RELAY:
            stage.world.start()
        if not stage.down:
            stage.silence.all_parts_answer()
            stage.world.process()

    def _rotate(self) -> None:
        """Rotate the key; the clientStates of the retired key no longer verify."""
        stage = self._stage
        stage.results.count("key rotations")
        before = {key.version for key in stage.world.keys}
        stage.world.rotate()
        retired = before - {key.version for key in stage.world.keys}
        for held in stage.world.subscriptions.live():
            if held.client_state.partition(".")[0] in retired:
                stage.silence.lost(held, stage.world.time)
