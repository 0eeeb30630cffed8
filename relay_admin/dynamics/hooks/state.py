"""What an environment has of the webhooks: read before anything is offered.

Pages: "Register a webhook" (messages and their filters), "Monitor system jobs" (a webhook that failed is a system job).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relay_admin.dynamics.hooks.steps import COLUMNS, ENDPOINT_ID, OF_SOLUTIONS, STEP_IDS, TABLE
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.errors import Unreachable

FAILED = 31  # statuscode of a system job
MOST_FAILED = 50  # that are counted


@dataclass(frozen=True, slots=True)
class HookState:
    """`endpoint` and `steps`, by message, are the rows; None or missing: not there.

    `columns`: those of the step of Update that the environment has. `messages`: ids of message and filter by name.
    `failed`: webhooks that were not delivered and are still listed, MOST_FAILED at most.
    """

    endpoint: dict[str, Any] | None
    steps: dict[str, dict[str, Any]]
    columns: tuple[str, ...]
    messages: dict[str, tuple[str, str]]
    failed: int


def read_hooks(session: DynamicsSession) -> HookState:
    """Return the state. Raises Refused or Unreachable: what could not be read is not taken as missing."""
    rows = {name: session.get(f"sdkmessageprocessingsteps({each})") for name, each in STEP_IDS.items()}
    return HookState(
        endpoint=session.get(f"serviceendpoints({ENDPOINT_ID})"),
        steps={name: row for name, row in rows.items() if row is not None},
        columns=(*COLUMNS, *(each for each in OF_SOLUTIONS if _has_column(session, each))),
        messages={name: _message(session, name) for name in STEP_IDS},
        failed=sum(len(_failed(session, STEP_IDS[name])) for name, row in rows.items() if row is not None),
    )


def _has_column(session: DynamicsSession, name: str) -> bool:
    path = f"EntityDefinitions(LogicalName='{TABLE}')/Attributes(LogicalName='{name}')?$select=LogicalName"
    return session.get(path) is not None


def _message(session: DynamicsSession, name: str) -> tuple[str, str]:
    """Return the ids of a message and of its filter for bookings."""
    messages = session.rows(f"sdkmessages?$select=sdkmessageid&$filter=name eq '{name}'")
    message_id = str(messages[0]["sdkmessageid"]) if messages else ""
    condition = f"primaryobjecttypecode eq '{TABLE}' and _sdkmessageid_value eq {message_id}"
    filters = session.rows(f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}") if message_id else []
    if not filters:
        raise Unreachable(f"The message {name} of bookings cannot be read", "Check that Dynamics 365 has this table.")
    return message_id, str(filters[0]["sdkmessagefilterid"])


def _failed(session: DynamicsSession, step_id: str) -> list[dict[str, Any]]:
    condition = f"statuscode eq {FAILED} and _owningextensionid_value eq {step_id}"
    return session.rows(f"asyncoperations?$select=asyncoperationid&$filter={condition}&$top={MOST_FAILED}")
