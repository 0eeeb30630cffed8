"""Report the gauges for alerts and the workbook, at every run of the timer."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import telemetry
from shared.delivery.pause import Pause
from shared.errors import RelayError
from shared.health.timer_check import late_at
from shared.messages import BadMessage, read_changes
from shared.queues import ChangeQueue
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.storage.heartbeat import Heartbeat
from shared.storage.partner_endpoint import EndpointState
from shared.storage.watches import Watches
from shared.watches.states import ShownState, shown

_logger = logging.getLogger("relay.metrics")


@dataclass(frozen=True)
class Gauges:
    """Reports the gauges. `of_features`: what reports those of the features that are on."""

    watches: Watches
    changes: ChangeQueue
    pause: Pause
    now: Callable[[], datetime]
    delivery_metrics: DeliveryMetrics | None = None
    heartbeat: Heartbeat | None = None
    renew_before: Callable[[], timedelta] = lambda: timedelta(0)
    is_stopped: Callable[[], bool] = lambda: False
    of_features: Sequence[Callable[[], None]] = ()

    def report_gauges(self) -> None:
        """Log every gauge that can be read. Never raises: a missing gauge must not end the timer's run."""
        reports = (
            self._report_stop, self._report_watches, self._report_queue, self._report_deliveries, self._report_retries,
            *self.of_features,
        )  # fmt: skip
        for report in reports:
            try:
                report()
            except RelayError as error:
                _logger.warning("A gauge could not be reported: %s", error)
            except Exception as error:  # noqa: BLE001  (see above; its text may contain anything)
                _logger.warning("A gauge could not be reported: %s", type(error).__name__)

    def _report_watches(self) -> None:
        """Report the number of watches by shown state, and the minutes until the first live subscription expires."""
        watches, now = list(self.watches.all()), self.now()
        states = Counter(shown(watch, now).state for watch in watches)
        for state in ShownState:
            telemetry.gauge("watches", states[state], state=state)
        expiries = [watch.expires for watch in watches if watch.state == "live" and watch.expires]
        if expiries:
            telemetry.gauge("next_expiry_minutes", int((min(expiries) - now).total_seconds() // 60))
        if self.heartbeat is not None:
            self.heartbeat.late_from(late_at(watches, self.renew_before()))

    def _report_stop(self) -> None:
        """Report whether the relay is stopped. Alerts of silence do not fire while it is."""
        telemetry.gauge("relay_stopped", int(self.is_stopped()))

    def _report_queue(self) -> None:
        """Report the waiting time of the oldest change that was never tried, and the number of messages."""
        now = self.now()
        waits = [(now - since).total_seconds() for text, since in self.changes.due() if _is_new(text)]
        telemetry.gauge("oldest_change_seconds", max(0, int(max(waits, default=0))))
        telemetry.gauge("queue_depth", self.changes.depth())

    def _report_deliveries(self) -> None:
        """Report whether deliveries are stopped, and the numbers of parked changes and dead letters."""
        status = self.pause.delivery_status()
        is_held = status.endpoint.state != EndpointState.FLOWING
        telemetry.gauge("deliveries_held", int(is_held), state=status.endpoint.state)
        telemetry.gauge("changes_parked", status.waiting)
        telemetry.gauge("dead_letters_kept", status.dead)

    def _report_retries(self) -> None:
        """Report the number of changes whose delivery is retried, and delete its rows that count no longer."""
        if self.delivery_metrics is not None:
            telemetry.gauge("changes_retried", self.delivery_metrics.report().retried)
            self.delivery_metrics.drop_old()


def _is_new(text: str) -> bool:
    """Return whether a message was never tried. A retried message was delayed on purpose, so its age says nothing."""
    try:
        return read_changes(base64.b64decode(text, validate=True).decode()).attempt == 0
    except (BadMessage, ValueError):
        return False  # the host moves it to the poison queue
