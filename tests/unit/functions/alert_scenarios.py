"""What happens to a relay while its telemetry is kept: scenarios in which an alert fires, and in which it does not.

The product's own functions write every line.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shared.errors import GraphForbidden
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import Selection
from tests.unit.functions import alert_dataverse, alert_requests
from tests.unit.functions.alert_scene import HALF_HOUR, UNAVAILABLE, Scene
from tests.unit.functions.test_notifications import item


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


def _no_notification(scene: Scene) -> None:
    scene.watched(20)
    scene.timer(7)


def _strangers_post_alone(scene: Scene) -> None:
    scene.watched(20)
    for _ in range(6):
        scene.timer()
        scene.notified(item(clientState="x"))
        scene.notified()
        scene.world.pass_by(HALF_HOUR)
    scene.timer()


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


def _stopped(scene: Scene) -> None:
    scene.watched(20)
    scene.timer()
    scene.world.pass_by(HALF_HOUR)
    scene.world.stopping.stop("an incident", "key")
    scene.delivered()
    scene.timer(7)


def _started(scene: Scene) -> None:
    _stopped(scene)
    scene.world.stopping.start("it is over", "key")
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


Scenario = Callable[[Scene], None]
FIRING: dict[str, list[Scenario]] = {
    "no-data": [_nothing_runs],
    "timer-silent": [_timer_fails, _timer_stops],
    "errors-to-graph": [alert_requests.keys_unreadable, alert_requests.host_fails],
    "slow-answers": [alert_requests.two_slow_answers],
    "no-notifications": [_no_notification, _strangers_post_alone],
    "oldest-change": [_change_waits],
    "changes-parked": [_partner_gone],
    "relay-stopped": [_stopped],
    "dead-letters": [_refused_by_partner],
    "subscription-expiring": [_not_renewed],
    "watches-refused": [_graph_refuses, _mailbox_missing],
    "forged-notifications": [alert_requests.many_forged],
    "dataverse-held": [
        alert_dataverse.pair_is_held,
        alert_dataverse.mailbox_is_held,
        alert_dataverse.everything_is_held,
    ],
    "dataverse-hints": [
        alert_dataverse.hint_waits,
        alert_dataverse.attempts_fail,
        alert_dataverse.calls_are_paused,
        alert_dataverse.pause_is_long,
    ],
    "dataverse-token": [
        alert_dataverse.token_is_old,
        alert_dataverse.token_of_a_day_is_old,
        alert_dataverse.never_read,
    ],
}
SILENT: dict[str, list[Scenario]] = {
    "no-data": [_timer_fails],
    "timer-silent": [_timer_succeeds_once, _stopped],
    "errors-to-graph": [alert_requests.graph_is_answered, alert_requests.strangers_are_refused],
    "slow-answers": [alert_requests.a_slow_answer, alert_requests.strangers_are_slow],
    "no-notifications": [_a_notification, _few_watches, _weekend, _stopped, _started],
    "oldest-change": [_change_waits_once],
    "changes-parked": [_partner_back, _stopped],
    "relay-stopped": [_started, _no_notification],
    "dead-letters": [_dead_letters_deleted],
    "subscription-expiring": [_renewed],
    "watches-refused": [_renewed, _graph_allows_later],
    "forged-notifications": [alert_requests.few_forged],
    "dataverse-held": [
        alert_dataverse.released_soon,
        alert_dataverse.held_for_half_an_hour,
        alert_dataverse.nothing_is_held,
        _renewed,
    ],
    "dataverse-hints": [
        alert_dataverse.hint_is_new,
        alert_dataverse.hint_waits_while_stopped,
        alert_dataverse.pause_is_short,
    ],
    "dataverse-token": [alert_dataverse.token_is_young, alert_dataverse.read_by_times, alert_dataverse.first_walk],
}
