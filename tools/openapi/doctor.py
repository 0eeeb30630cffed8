"""What an administrator asks of the doctor, and is answered, as models."""

from __future__ import annotations

from pydantic import Field

from shared.doctor.request import MOST_MAILBOXES
from tools.openapi.fields import Strict
from tools.openapi.operation import Operation, Response


class Examination(Strict):
    """What is tried besides; with an empty body the live watches are read, and the partner gets a test delivery."""

    allowed: list[str] = Field(
        default_factory=list, max_length=MOST_MAILBOXES, description="Mailboxes that must be readable."
    )
    refused: list[str] = Field(
        default_factory=list, max_length=MOST_MAILBOXES, description="Mailboxes that must not be readable."
    )
    ping: bool = Field(default=True, description="Send the partner a calendar.relay.ping.")


class Finding(Strict):
    """One thing that was tried."""

    name: str
    ok: bool | None = Field(description="null: it could not be told.")
    detail: str = Field(description="What was seen.")
    what_to_do: str | None


class Findings(Strict):
    """Everything that was tried, in the order in which things need each other."""

    ok: bool = Field(description="False when any of them is false.")
    checks: list[Finding]


DOCTOR = Operation(
    "examine_relay", "post", "doctor", "operations",
    "Try everything that the relay needs once, and say what to do.",
    {200: Response("What was found, well or not.", Findings)}, (400, 422, 503), Examination, body_is_needed=False,
)  # fmt: skip
