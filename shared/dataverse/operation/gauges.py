"""The gauges of the feature, for alerts and the workbook; reported at every run of the core's timer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from shared import telemetry
from shared.dataverse.operation.measures import Measures
from shared.storage.pairs.pair import State


@dataclass(frozen=True)
class DataverseGauges:
    """Reports each figure, also a 0, because that ends an alert."""

    measures: Measures

    def report_pairs(self) -> None:
        """Report the pairs by state. Raises ServiceUnavailable or ConfigurationError when storage fails."""
        found = self.measures.pairs_by_state()
        for state in {**dict.fromkeys(get_args(State)), **found}:
            telemetry.gauge("dataverse_pairs", found.get(state, 0), state=state)

    def report_held(self) -> None:
        """Report what is held: pairs, mailboxes, everything. Raises like `report_pairs`."""
        for kind, number in self.measures.held().items():
            telemetry.gauge("dataverse_held", number, kind=kind)

    def report_hints(self) -> None:
        """Report the age of the oldest hint that is due. Raises like `report_pairs`."""
        telemetry.gauge("dataverse_oldest_hint_seconds", self.measures.oldest_hint_seconds())

    def report_token(self) -> None:
        """Report the token's age in percent of its life, once the feature was started. Raises like `report_pairs`."""
        percent = self.measures.token_percent()
        if percent is not None:
            telemetry.gauge("dataverse_token_percent", percent)
