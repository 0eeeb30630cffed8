"""Graph answers untruly by a seeded timetable: each lie for a bounded time, about a few rooms or about all."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import requests

from tests.chaos.activity import Activity
from tests.chaos.lies import Control, Lie

ROUND_SECONDS = 210.0  # for a round of all lies at full length; a shorter run has shorter lies
SHARE = 4  # one room in four may lose its subscription by a lie; for the others the run allows no resync
AT_ONCE = 3  # rooms of one lie: more losses than ten would be taken for an outage of Graph
PAUSE = 1.0


def drawn_rooms(rooms: Sequence[str], chance: random.Random) -> Sequence[str]:
    """Return the rooms that a lie about single subscriptions may concern."""
    return chance.sample(rooms, max(1, len(rooms) // SHARE))


class UntrueAnswers(Activity):
    """Gives lies of some kinds one after the other, in rounds of all that fit the run, until it is stopped.

    `control` calls the tenant's control routes, `run_timer` starts the run of the relay's timer.
    `rooms` are those that a lie about single subscriptions may concern. `given` counts the lies by name, `met` those in
    whose time the relay made a call about subscriptions.
    """

    def __init__(
        self, kinds: Sequence[Lie], rooms: Sequence[str], control: Control, run_timer: Callable[[], None],
        chance: random.Random, seconds: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self._control, self._run_timer = control, run_timer
        self._chance = chance
        self._kinds = kinds
        self._tempo = min(1.0, seconds / ROUND_SECONDS)
        self._rooms = rooms
        self.given: Counter[str] = Counter()
        self.met: Counter[str] = Counter()

    def work(self) -> None:
        """Give the lies; at the end none is left."""
        while not self.stopped.is_set():
            for lie in self._chance.sample(self._kinds, len(self._kinds)):
                if not self.stopped.is_set():
                    self._play(lie)
                    self.stopped.wait(PAUSE * self._tempo)

    def _play(self, lie: Lie) -> None:
        about, body = self._about(), self._chance.choice(lie.bodies)
        self.given[lie.name] += 1
        before = self._calls()
        end = lie.switch_on(self._control, body, about)
        try:
            if lie.expires:
                self._expire(next(iter(about), ""))
            self._notify(lie.begins, about)
            self._let_relay_look()
            self.stopped.wait(lie.seconds * self._tempo)
            self.met[lie.name] += self._calls() > before
        finally:
            end()
        self._notify(lie.ends, self._living(set(about.values())))
        self._let_relay_look()

    def _about(self) -> Mapping[str, str]:
        """Return the living subscriptions of some rooms, with their mailboxes."""
        return self._living(set(self._chance.sample(self._rooms, min(AT_ONCE, len(self._rooms)))))

    def _living(self, rooms: set[str]) -> Mapping[str, str]:
        living: Sequence[Mapping[str, str]] = self._control("GET", "/subscriptions", None)["value"]
        return {each["id"]: each["mailbox"] for each in living if each["mailbox"] in rooms}

    def _expire(self, subscription_id: str) -> None:
        with suppress(requests.HTTPError):  # it has ended already
            self._control("PATCH", f"/subscriptions/{subscription_id}", {"expirationDateTime": "2026-01-01T00:00:00Z"})

    def _notify(self, event: str, about: Mapping[str, str]) -> None:
        """Send a lifecycle notification of each subscription; an empty one is none."""
        for subscription_id in about if event else ():
            with suppress(requests.HTTPError):  # the relay has deleted it meanwhile
                body = {"subscriptionId": subscription_id, "lifecycleEvent": event}
                self._control("POST", "/lifecycle", body)

    def _let_relay_look(self) -> None:
        """Start the run of the timer, which is due every twenty seconds only; while the host is killed it cannot."""
        with suppress(requests.RequestException):
            self._run_timer()

    def _calls(self) -> int:
        """Return the number of Graph's answers so far: about subscriptions, and refusals of any call."""
        calls: Mapping[str, int] = self._control("GET", "/calls", None)
        return sum(number for name, number in calls.items() if "/subscriptions" in name or name.endswith(" refused"))
