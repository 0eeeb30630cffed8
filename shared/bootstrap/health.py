"""The parts that report health, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.subscriptions import SubscriptionParts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shared.health.all_checks import AllChecks
    from shared.health.check_memory import CheckMemory
    from shared.health.metrics import Gauges
    from shared.health.table_check import RowChecks


class HealthParts(SubscriptionParts):
    """The health checks and the gauges."""

    @cached_property
    def health_checks(self) -> AllChecks:
        """The health checks."""
        from shared.health.all_checks import AllChecks
        from shared.health.checks import HealthChecks
        from shared.health.maintenance import MaintenanceChecks
        from shared.health.timer_check import RenewalCheck
        from shared.health.vault import VaultReadings

        checks = HealthChecks(
            self.settings, self.client_state_keys, self.webhook, lambda: self.get_token(), self.watches,  # noqa: PLW0108
            self.heartbeat, self.changes, self.pause, self.now,
        )  # fmt: skip
        maintenance = MaintenanceChecks(
            self.settings, self.brake_row, self.rollout_row, self.lifetime_row, lambda: self.audit.health(),  # noqa: PLW0108
            self.silence.is_outage, self.clock_skew,
        )  # fmt: skip
        vault = VaultReadings(self.settings, self.secrets)
        more = {
            **RenewalCheck(self.heartbeat, self.started, self.now).by_name(),
            **self.permission_checks().by_name(),
            **maintenance.by_name(), **self.row_checks().by_name(), "identifierKey": vault.identifier_key,
            "version": lambda: f"ok; {self.package}", **self.checks_of_features,
        }  # fmt: skip
        if "bookings" in self.settings.switched_on:
            more["appointmentDeliveries"] = self.appointment_checks().check
        return AllChecks(checks, vault.problems, more)

    @cached_property
    def check_memory(self) -> CheckMemory:
        """The results of the health checks, kept for a while."""
        from shared.health.check_memory import CheckMemory

        return CheckMemory(self.health_checks.check_all)

    @cached_property
    def vital_memory(self) -> CheckMemory:
        """The results of the vital checks: anonymous requests must not each cause calls of vault, login and storage."""
        from shared.health.check_memory import CheckMemory

        return CheckMemory(self.health_checks.check_vital)

    def row_checks(self) -> RowChecks:
        """Return the check of stored rows."""
        from shared.health.table_check import RowChecks
        from shared.storage.parked import DEAD, WAITING

        readers: dict[str, Callable[[], Iterable[object]]] = {
            "watch in the table watches": self.watches.rows,
            "roomlist in the table watches": self.room_lists.rows,
            "directory in the table watches": self.room_list_readings.rows,
            "replay in the table watches": self.replays.rows,
            "endpoint in the table watches": self.endpoints.rows,
            "stop in the table watches": self.stop.rows,
            "waiting in the table parked": lambda: self.parked.rows(WAITING),
            "dead in the table parked": lambda: self.parked.rows(DEAD),
        }
        if "scheduling" in self.settings.switched_on:
            readers["booking in the table slots"] = self.slot_bookings.rows
        if "bookings" in self.settings.switched_on:
            readers |= self.appointment_readers()
        return RowChecks(readers)

    @cached_property
    def gauges_of_features(self) -> Sequence[Callable[[], None]]:
        """What reports the gauges of features."""
        return ()

    @cached_property
    def checks_of_features(self) -> Mapping[str, Callable[[], str]]:
        """The health checks of features, by name."""
        return {}

    @cached_property
    def gauges(self) -> Gauges:
        """Reports the gauges."""
        from shared.health.metrics import Gauges

        return Gauges(
            self.watches, self.changes, self.pause, self.now, self.delivery_metrics, self.heartbeat,
            self.lifetimes.renew_before, self.stop.is_stopped, self.gauges_of_features,
        )  # fmt: skip
