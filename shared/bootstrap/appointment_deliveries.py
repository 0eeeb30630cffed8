"""The parts that deliver appointments of followed businesses, each built at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.delivery import DeliveryParts
from shared.features import names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.bookings.deliveries.backlog import AppointmentBacklog
    from shared.bookings.deliveries.health import FollowedHealth
    from shared.bookings.deliveries.poll import AppointmentPoll
    from shared.ports.outbox import Backlog, Outbox

SOURCE = "bookings"


class AppointmentDeliveryParts(DeliveryParts):
    """The parts of the feature bookings that need the core, whose parts are handed over here."""

    @cached_property
    def outbox(self) -> Outbox:
        """Sends what features offer."""
        from shared.delivery.outbox import PartnerOutbox

        return PartnerOutbox(
            self.webhook, self.breaker, self.failures, self.dead_letters, self.delivery_metrics, self.stop.is_stopped
        )

    @cached_property
    def appointment_backlog(self) -> AppointmentBacklog:
        """Delivers appointments."""
        from shared.bookings.deliveries.backlog import AppointmentBacklog

        return AppointmentBacklog(
            self.followed_appointments, self.followed_businesses, self.outbox, self.leases,
            self.may_deliver_appointments, self.request_backlog, self.now,
        )  # fmt: skip

    @cached_property
    def appointment_poll(self) -> AppointmentPoll:
        """Reads followed businesses."""
        from shared.bookings.deliveries.poll import AppointmentPoll
        from shared.bookings.deliveries.reader import BusinessReader

        reader = BusinessReader(
            self.bookings_client, self.followed_appointments, self.followed_businesses, self.graph_clock
        )
        return AppointmentPoll(
            self.settings, self.permission, self.followed_appointments, self.followed_businesses, reader,
            self.appointment_backlog.wake, self.stop.is_stopped, self.now,
        )  # fmt: skip

    def backlogs(self) -> Mapping[str, Backlog]:
        """Return what features have to deliver, of those that are switched on."""
        is_on = SOURCE in names_in(self._environ.get("FEATURES", ""))
        return {SOURCE: self.appointment_backlog} if is_on else {}

    def may_deliver_appointments(self, business: str) -> bool:
        """Return whether a business is followed, and its appointments may be sent."""
        is_followed = business in self.settings.followed_businesses
        return is_followed and self.permission.may(None, business, "", "relay", "deliver").is_allowed()

    def request_backlog(self, delay: float) -> None:
        """Queue a run of what sends the backlog, unless one is waited for that comes as soon.

        A run that is due now does not replace the one that is due later: that would be queued again each time.
        """
        from shared.messages import Job
        from shared.reliability.awaited_queue import AwaitedQueue

        work = AwaitedQueue(self.work, self.awaited_jobs, self.now)
        work.send(Job("", "retries" if delay else "backlog", at=self.now()), delay)

    def send_backlog(self, _: str) -> str:
        """Send what is due; return the result of the job. While the feature is off, nothing is."""
        return self.appointment_backlog.run() if self.backlogs() else "feature-off"

    def appointment_readers(self) -> dict[str, Callable[[], Iterable[object]]]:
        """Return what reads the rows, for the health check of stored rows."""
        return {
            "appointment in the table appointments": self.followed_appointments.rows,
            "business in the table appointments": self.followed_businesses.rows,
        }

    def appointment_checks(self) -> FollowedHealth:
        """Return the health check of the followed businesses."""
        from shared.bookings.deliveries.health import FollowedHealth

        return FollowedHealth(
            self.settings, self.followed_businesses, self.permission, self.started, self.stop.is_stopped, self.now
        )
