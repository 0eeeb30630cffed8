"""The doctor with its checks, built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.dataverse import DataverseParts

if TYPE_CHECKING:
    from shared.doctor.dataverse import DataverseChecks
    from shared.doctor.graph import GraphChecks
    from shared.doctor.mailboxes import MailboxChecks
    from shared.doctor.run import Doctor
    from shared.doctor.setup import SetupChecks
    from shared.doctor.vault import VaultChecks


class DoctorParts(DataverseParts):
    """The doctor with its checks."""

    @cached_property
    def doctor(self) -> Doctor:
        """Tests everything that the relay depends on."""
        from shared.doctor.bookings import BookingsPermissionCheck
        from shared.doctor.calendars import CalendarWriteCheck
        from shared.doctor.package import PackageCheck
        from shared.doctor.partner import PartnerCheck
        from shared.doctor.run import Doctor, FeatureChecks
        from shared.doctor.runtime import RuntimeChecks

        return Doctor(
            setup=self._setup_checks,
            vault=self._vault_checks,
            graph=self._graph_checks,
            mailboxes=self._mailbox_checks,
            features=FeatureChecks(
                calendar_write=CalendarWriteCheck(self.settings, self.graph_diagnostics, self.watches),
                bookings=BookingsPermissionCheck(self.settings, self.graph_diagnostics),
                dataverse=self._dataverse_checks(),
            ),
            partner=PartnerCheck(self.webhook, self.breaker, self.now),
            runtime=RuntimeChecks(self.health_checks.run),
            package=PackageCheck(self.package),
        )

    def _dataverse_checks(self) -> DataverseChecks | None:
        if not self.follows_dataverse:
            return None
        from shared.dataverse.decision import NewStatus
        from shared.doctor.dataverse import DataverseChecks
        from shared.doctor.webhooks import WebhookCheck
        from shared.dynamics.examination import Examination

        def examination() -> Examination:
            return Examination(self.dynamics)

        return DataverseChecks(
            self.settings, examination, lambda: self.dataverse_plan.plan().findings,
            lambda: [self.written_statuses.of(each) for each in NewStatus],
            lambda: self.call_counts.of_last_day(),  # noqa: PLW0108
            lambda: self.name_sweep.waiting(self.settings.dataverse_titles),
            WebhookCheck(examination, self.tracking.read, self.now),
        )  # fmt: skip

    @property
    def _setup_checks(self) -> SetupChecks:
        from shared.doctor.setup import SetupChecks

        return SetupChecks(self.settings, self.storage_diagnostics, self.handshake_check, self.changes, self.jobs)

    @property
    def _vault_checks(self) -> VaultChecks:
        from shared.doctor.vault import VaultChecks

        return VaultChecks(self.settings, self.secrets, self.client_state_keys, self.now)

    @property
    def _graph_checks(self) -> GraphChecks:
        from shared.doctor.graph import GraphChecks

        return GraphChecks(self.settings, self.graph_diagnostics, self.allow_list, self.room_lists, self.now)

    @property
    def _mailbox_checks(self) -> MailboxChecks:
        from shared.doctor.mailboxes import MailboxChecks

        return MailboxChecks(self.settings, self.allow_list, self.graph_diagnostics, self.watches)
