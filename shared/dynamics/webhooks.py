"""Reads the steps that send webhooks of bookings, and which webhooks failed, for the doctor.

The steps have fixed ids, as relay_admin/dynamics/hooks/steps.py makes them. Pages: "SdkMessageProcessingStep table
reference", "Monitor system jobs" (a webhook that failed is a system job).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.dynamics.client import DynamicsClient, rows_of
from shared.dynamics.errors import DynamicsUnavailable, RowGone
from shared.utc import format_utc

STEP_IDS = {
    "Create": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c56",
    "Update": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c57",
    "Delete": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c58",
}
STATES = {0: True, 1: False}  # statecode
FAILED = 31  # statuscode of a system job
MOST_FAILED = 50  # that are counted


@dataclass(frozen=True, slots=True)
class WebhookSteps:
    """Whether the step of each message is enabled; one that does not exist is missing."""

    enabled: dict[str, bool]

    @property
    def missing(self) -> list[str]:
        """The messages without a step."""
        return [name for name in STEP_IDS if name not in self.enabled]

    @property
    def disabled(self) -> list[str]:
        """The messages whose step is disabled."""
        return [name for name, is_enabled in self.enabled.items() if not is_enabled]


def read_steps(client: DynamicsClient) -> WebhookSteps:
    """Return the steps. Raises DynamicsError: what could not be read is not taken as missing."""
    states = {name: _is_enabled(client, step_id) for name, step_id in STEP_IDS.items()}
    return WebhookSteps({name: state for name, state in states.items() if state is not None})


def count_failed(client: DynamicsClient, since: datetime) -> int:
    """Return how many webhooks failed since a moment, MOST_FAILED at most. Raises DynamicsError."""
    steps = " or ".join(f"_owningextensionid_value eq {each}" for each in STEP_IDS.values())
    condition = f"statuscode eq {FAILED} and createdon ge {format_utc(since)} and ({steps})"
    params = {"$select": "asyncoperationid", "$filter": condition, "$top": str(MOST_FAILED)}
    return len(rows_of(client.call("GET", "asyncoperations", params=params)))


def _is_enabled(client: DynamicsClient, step_id: str) -> bool | None:
    try:
        row = client.call("GET", f"sdkmessageprocessingsteps({step_id})", params={"$select": "statecode"})
    except RowGone:
        return None
    if row.get("statecode") not in STATES:
        raise DynamicsUnavailable(200)
    return STATES[row["statecode"]]
