"""The changes that webhooks need, as data; what is made has fixed ids, so that every run finds it again.

Pages: "Register a webhook", "ServiceEndpoint table reference", "SdkMessageProcessingStep table reference".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay_admin.dynamics.steps import Step

ENDPOINT_ID = "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c55"
STEP_IDS = {
    "Create": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c56",
    "Update": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c57",
    "Delete": "b3a1c7de-2f4e-5a86-8c11-6d0f9a7e4c58",
}
NAME = "Calendar Relay: bookings"
TABLE = "bookableresourcebooking"
HEADER = "x-calendar-relay-secret"
ROUTE = "/api/dataverse/notifications"
# The step of Update runs if a request has one of these columns ("Register a plug-in"); travel and the like start none.
COLUMNS = (
    "resource", "bookingstatus", "starttime", "endtime", "duration", "name", "statecode", "statuscode", "bookingtype",
)  # fmt: skip
OF_SOLUTIONS = ("msdyn_workorder", "msdyn_resourcerequirement", "msdyn_projectid")  # an environment may lack these
WEBHOOK, HTTP_HEADER, ASYNCHRONOUS, AFTER = 8, 5, 1, 40  # contract, authtype, mode, stage
ENABLED, DISABLED = 0, 1  # statecode; statuscode is one more
_NEW, _OLD = {"If-None-Match": "*"}, {"If-Match": "*"}


def make_endpoint(url: str, secret: str, note: str) -> Step:
    """Make the endpoint. `note`: which version of the secret it has."""
    body = {
        "name": NAME, "contract": WEBHOOK, "authtype": HTTP_HEADER, "url": url, "authvalue": auth_value(secret),
        "description": note,
    }  # fmt: skip
    return Step(f"Make the webhook endpoint “{NAME}” for {url}.", "PATCH", _endpoint(), body, _NEW)


def give_secret(secret: str, note: str) -> Step:
    """Give the endpoint another secret."""
    body = {"authvalue": auth_value(secret), "description": note}
    return Step("Give the webhook endpoint the secret.", "PATCH", _endpoint(), body, _OLD)


def lead_endpoint(url: str) -> Step:
    """Let the endpoint lead to another address, which keeps its secret."""
    return Step(f"Let the webhook endpoint lead to {url}.", "PATCH", _endpoint(), {"url": url}, _OLD)


def make_step(message: str, message_id: str, filter_id: str, columns: Sequence[str]) -> Step:
    """Make the asynchronous step of a message: nobody's save waits for it."""
    body: dict[str, Any] = {
        "name": f"{NAME}: {message}", "mode": ASYNCHRONOUS, "stage": AFTER, "rank": 1, "supporteddeployment": 0,
        "asyncautodelete": True, **_filtering(message, columns),
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_id})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({ENDPOINT_ID})",
    }  # fmt: skip
    return Step(f"Make the webhook step of {message}.", "PATCH", _step(message), body, _NEW)


def filter_step(columns: Sequence[str]) -> Step:
    """Let the step of Update run for these columns."""
    return Step("Correct the columns of the step of Update.", "PATCH", _step("Update"), _filtering("Update", columns),
                _OLD)  # fmt: skip


def switch_step(message: str, *, enabled: bool) -> Step:
    """Enable a step, or disable it."""
    state = ENABLED if enabled else DISABLED
    why = f"{'Enable' if enabled else 'Disable'} the webhook step of {message}."
    return Step(why, "PATCH", _step(message), {"statecode": state, "statuscode": state + 1}, _OLD)


def delete_step(message: str) -> Step:
    """Delete a step."""
    return Step(f"Delete the webhook step of {message}.", "DELETE", _step(message))


def delete_endpoint() -> Step:
    """Delete the endpoint, which no step may use any more."""
    return Step(f"Delete the webhook endpoint “{NAME}”.", "DELETE", _endpoint())


def auth_value(secret: str) -> str:
    """Return the header as the endpoint keeps it. The secret has no sign that XML escapes."""
    return f'<settings><setting name="{HEADER}" value="{secret}" /></settings>'


def _filtering(message: str, columns: Sequence[str]) -> dict[str, str]:
    return {"filteringattributes": ",".join(columns)} if message == "Update" else {}


def _endpoint() -> str:
    return f"serviceendpoints({ENDPOINT_ID})"


def _step(message: str) -> str:
    return f"sdkmessageprocessingsteps({STEP_IDS[message]})"
