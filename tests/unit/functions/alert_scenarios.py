"""What happens to a relay while its telemetry is kept: scenarios in which an alert fires, and in which it does not.

The product's own functions write every line.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import azure.functions as func

from functions.renewal import renew_subscriptions
from shared.errors import GraphForbidden, ServiceUnavailable
from shared.messages import write_changes
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import Selection
from tests.support.insights import Insights
from tests.support.world import event
from tests.unit.functions.conftest import HostWorld
from tests.unit.functions.test_notifications import item, post

HALF_HOUR = 1800.0
UNAVAILABLE = ServiceUnavailable("Key Vault")


class Scene:
    """A relay and its telemetry."""

    def __init__(self, world: HostWorld, seen: Insights) -> None:
        self.world = world
        self.seen = seen

    def timer(self, runs: int = 1) -> None:
        """Let the timer run, each time half an hour after the last run; a run may fail."""
        for number in range(runs):
            if number:
                self.world.pass_by(HALF_HOUR)
            with suppress(ServiceUnavailable):
                self.seen.invoke("renew_subscriptions", _run_timer)

    def notified(self, *items: object, milliseconds: float = 20.0) -> None:
        """Let Graph post notifications."""
        self.seen.invoke("receive_notifications", lambda: post({"value": [*items]})[0], milliseconds)

    def delivered(self, event_id: str = "E") -> None:
        """Deliver a new event that has settled."""
        self.world.events.by_id[event_id] = event(event_id)
        message = self.world.hint(event_id)
        self.world.pass_by(15)
        self.world.delivery.deliver(message)

    def queued(self, minutes: float) -> None:
        """Let a change wait since so many minutes ago; nothing delivers it."""
        [text] = write_changes(self.world.hint())
        since = self.world.now() - timedelta(minutes=minutes)
        self.world.changes.visible = [(base64.b64encode(text.encode()).decode(), since)]

    def watched(self, number: int = 1) -> None:
        """Let a partner ask for watches; the timer creates their subscriptions."""
        for room in range(number):
            self.world.watch(f"room{room}@contoso.com", state="pending", subscription_id="", expires=None)


def _run_timer() -> None:
    renew_subscriptions._function.get_user_function()(func.TimerRequest)


def _nothing_runs(scene: Scene) -> None:
    scene.timer()
    scene.world.pass_by(3600)


def _timer_stops(scene: Scene) -> None:
    scene.timer()
    scene.world.pass_by(7200)
    scene.notified(item())


def _timer_fails(scene: Scene) -> None:
    scene.world.unreadable = UNAVAILABLE
    scene.timer(5)


def _timer_succeeds_once(scene: Scene) -> None:
    scene.timer()
    scene.world.pass_by(HALF_HOUR)
    scene.world.unreadable = UNAVAILABLE
    scene.timer(3)


def _keys_unreadable(scene: Scene) -> None:
    scene.world.keys_cached, scene.world.unreadable = False, UNAVAILABLE
    scene.notified(item())


def _graph_is_answered(scene: Scene) -> None:
    scene.notified(item(), item(clientState="x"))
    scene.seen.invoke("receive_notifications", lambda: post(b"x")[0])


def _two_slow_answers(scene: Scene) -> None:
    for number in range(100):
        scene.notified(item(), milliseconds=1500 if number < 2 else 20)


def _a_slow_answer(scene: Scene) -> None:
    for number in range(100):
        scene.notified(item(), milliseconds=1500 if number < 1 else 20)


def _no_notification(scene: Scene) -> None:
    scene.watched(20)
    scene.timer(7)


def _a_notification(scene: Scene) -> None:
    scene.watched(20)
    scene.timer(3)
    scene.notified(item())
    scene.timer(4)


def _few_watches(scene: Scene) -> None:
    scene.watched(19)
    scene.timer(7)


def _weekend(scene: Scene) -> None:
    scene.world.pass_by(86400)
    _no_notification(scene)


def _change_waits(scene: Scene) -> None:
    scene.queued(11)
    scene.timer(2)


def _change_waits_once(scene: Scene) -> None:
    scene.queued(11)
    scene.timer()
    scene.world.changes.visible = []
    scene.world.pass_by(HALF_HOUR)
    scene.timer()


def _partner_gone(scene: Scene) -> None:
    scene.world.watch()
    scene.world.webhook.failure = NotDelivered(410, "status 410")
    scene.timer()
    for event_id in "ABC":
        scene.delivered(event_id)
    scene.timer(2)


def _partner_back(scene: Scene) -> None:
    _partner_gone(scene)
    scene.world.webhook.failure = None
    scene.world.pause.resume("it works again", "key")
    scene.world.recovery.drain()
    scene.world.pass_by(HALF_HOUR)
    scene.timer()


def _refused_by_partner(scene: Scene) -> None:
    scene.world.watch()
    scene.world.webhook.failure = NotDelivered(422, "status 422")
    scene.delivered()
    scene.timer()


def _dead_letters_deleted(scene: Scene) -> None:
    _refused_by_partner(scene)
    scene.world.pass_by(HALF_HOUR)
    scene.world.dead_letters.delete(Selection.model_validate({"all": True}), "key")
    scene.timer()


def _not_renewed(scene: Scene) -> None:
    scene.world.watch(expires=scene.world.now() + timedelta(hours=23))
    scene.world.unreadable = UNAVAILABLE
    scene.timer()


def _renewed(scene: Scene) -> None:
    scene.watched()
    scene.timer(2)


def _graph_refuses(scene: Scene) -> None:
    def refuse() -> None:
        raise GraphForbidden(403, "ErrorAccessDenied")

    scene.watched()
    scene.world.subscriptions.during_create = refuse
    scene.timer(12)


def _mailbox_missing(scene: Scene) -> None:
    scene.watched()
    scene.world.subscriptions.missing = {"room0@contoso.com"}
    scene.timer()


def _graph_allows_later(scene: Scene) -> None:
    _graph_refuses(scene)
    scene.world.subscriptions.during_create = lambda: None
    scene.timer(60)


def _many_forged(scene: Scene) -> None:
    scene.notified(*[item(clientState="x")] * 12)
    scene.notified(*[item(clientState="x")] * 9)


def _few_forged(scene: Scene) -> None:
    scene.notified(*[item(clientState="x")] * 20, *[item()] * 20)


Scenario = Callable[[Scene], None]
FIRING: dict[str, list[Scenario]] = {
    "no-data": [_nothing_runs],
    "timer-silent": [_timer_fails, _timer_stops],
    "errors-to-graph": [_keys_unreadable],
    "slow-answers": [_two_slow_answers],
    "no-notifications": [_no_notification],
    "oldest-change": [_change_waits],
    "changes-parked": [_partner_gone],
    "dead-letters": [_refused_by_partner],
    "subscription-expiring": [_not_renewed],
    "watches-refused": [_graph_refuses, _mailbox_missing],
    "forged-notifications": [_many_forged],
}
SILENT: dict[str, list[Scenario]] = {
    "no-data": [_timer_fails],
    "timer-silent": [_timer_succeeds_once],
    "errors-to-graph": [_graph_is_answered],
    "slow-answers": [_a_slow_answer],
    "no-notifications": [_a_notification, _few_watches, _weekend],
    "oldest-change": [_change_waits_once],
    "changes-parked": [_partner_back],
    "dead-letters": [_dead_letters_deleted],
    "subscription-expiring": [_renewed],
    "watches-refused": [_renewed, _graph_allows_later],
    "forged-notifications": [_few_forged],
}
