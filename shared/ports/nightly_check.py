"""What features do each night, at every run of RESYNC_SCHEDULE."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.errors import RelayError

_logger = logging.getLogger("relay.nightly_checks")


class NightlyCheck(Protocol):
    """Queues a feature's nightly work."""

    def run(self) -> None:
        """Queue the work. Raises ServiceUnavailable or ConfigurationError."""


@dataclass(frozen=True)
class NightlyChecks:
    """The nightly work of all features that are on."""

    checks: Sequence[NightlyCheck] = ()

    def run(self) -> None:
        """Queue the work of each feature, whatever the others raise; then raise the first error."""
        errors: list[RelayError] = []
        for check in self.checks:
            try:
                check.run()
            except RelayError as error:
                _logger.warning("Nightly work of a feature was not queued: %s", error)
                errors.append(error)
        if errors:
            raise errors[0]
