"""The doctor with its checks, built like all other parts at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.features import FeatureParts

if TYPE_CHECKING:
    from shared.doctor.graph import GraphChecks
    from shared.doctor.mailboxes import MailboxChecks
    from shared.doctor.run import Doctor
    from shared.doctor.setup import SetupChecks
    from shared.doctor.vault import VaultChecks
    from shared.graph.client_state_keys import ClientStateKeys
    from shared.partner.webhook import Webhook
    from shared.reliability.circuit_breaker import Gate


class DoctorParts(FeatureParts):
    """The doctor.

    What cannot be built while a setting is broken is handed to its checks as a callable, so that one check fails alone.
    """

    if TYPE_CHECKING:  # parts of App

        @property
        def client_state_keys(self) -> ClientStateKeys:
            """Gives the keys of the clientState."""

        @property
        def gate(self) -> Gate:
            """Whether deliveries may leave now."""

        @property
        def webhook(self) -> Webhook:
            """Delivers to the partner."""

    @cached_property
    def doctor(self) -> Doctor:
        """Tries everything that the relay needs."""
        from shared.doctor.bookings import BookingsPermissionCheck
        from shared.doctor.calendars import CalendarWriteCheck
        from shared.doctor.partner import PartnerCheck
        from shared.doctor.run import Doctor
        from shared.doctor.runtime import RuntimeChecks
        from shared.health import checks

        return Doctor(
            setup=self._setup_checks,
            vault=self._vault_checks,
            graph=self._graph_checks,
            mailboxes=self._mailbox_checks,
            calendar_write=CalendarWriteCheck(self.settings, self.graph_diagnostics, self.watches),
            bookings=BookingsPermissionCheck(self.settings, self.graph_diagnostics),
            partner=PartnerCheck(lambda: self.webhook, self.gate, self.now),
            runtime=RuntimeChecks(lambda name: checks.run(name, self)),  # type: ignore[arg-type]  # it is the App
        )

    @property
    def _setup_checks(self) -> SetupChecks:
        from shared.doctor.setup import SetupChecks

        return SetupChecks(
            self.settings, self.storage_diagnostics, self.handshake_check, self.changes, self.repairs
        )

    @property
    def _vault_checks(self) -> VaultChecks:
        from shared.doctor.vault import VaultChecks

        return VaultChecks(self.settings, self.secrets, lambda: self.client_state_keys(), self.now)  # noqa: PLW0108

    @property
    def _graph_checks(self) -> GraphChecks:
        from shared.doctor.graph import GraphChecks

        return GraphChecks(
            self.settings, self.graph_diagnostics, lambda: self.allow_list, self.room_lists, self.now
        )

    @property
    def _mailbox_checks(self) -> MailboxChecks:
        from shared.doctor.mailboxes import MailboxChecks

        return MailboxChecks(self.settings, lambda: self.allow_list, self.graph_diagnostics, self.watches)
