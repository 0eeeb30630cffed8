"""The operation of the doctor, and models of its request and response."""

from __future__ import annotations

from pydantic import Field

from shared.doctor.request import MOST_MAILBOXES
from tools.openapi.fields import Strict
from tools.openapi.operation import Operation, Response


class Examination(Strict):
    """Options. Without a body, the doctor reads a few live watches and sends the partner a test delivery."""

    allowed: list[str] = Field(
        default_factory=list, max_length=MOST_MAILBOXES, description="Mailboxes that must be readable."
    )
    refused: list[str] = Field(
        default_factory=list, max_length=MOST_MAILBOXES, description="Mailboxes that must not be readable."
    )
    ping: bool = Field(default=True, description="Send the partner a calendar.relay.ping.")


class Finding(Strict):
    """The result of one check."""

    name: str
    ok: bool | None = Field(description="null if inconclusive.")
    detail: str = Field(description="What was observed.")
    what_to_do: str | None


class Findings(Strict):
    """The results of all checks, each after the ones that it depends on."""

    ok: bool = Field(description="False if any check is false.")
    checks: list[Finding]


DOCTOR = Operation(
    "examine_relay", "post", "doctor", "operations",
    "Test everything that the relay depends on, and say what to do.",
    {200: Response("The findings, good or bad.", Findings)}, (400, 422, 503), Examination, body_is_needed=False,
)  # fmt: skip
