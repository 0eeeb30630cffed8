"""The operations of the feature dataverse, for administrators, and their models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.openapi.fields import Moment, Strict, left_out
from tools.openapi.operation import Operation, Response


class DataverseStart(Strict):
    """How to start."""

    sandbox: bool = Field(
        default=False, description="Whether an environment that is not for production may be followed."
    )


class MailboxToHold(Strict):
    """One mailbox; without it, the whole feature."""

    mailbox: str = left_out("Its address.")


class NoContent(Strict):
    """Nothing is sent."""


class PlannedResource(Strict):
    """What `start` would do for a bookable resource."""

    id: str = Field(description="Its bookableresourceid.")
    state: str = Field(description="Whether its bookings would be followed, or why not.")
    events_to_make: int = Field(ge=0, description="0 unless DATAVERSE_DIRECTION writes events.")
    bookings_to_make: int = Field(ge=0, description="0 unless DATAVERSE_DIRECTION writes bookings.")
    events_to_remove: int = Field(ge=0, description="Events whose bookings are over. They do not count for the brake.")


class DataversePlan(Strict):
    """What `start` would do, and what stands against it."""

    organization: str = Field(description="The OrganizationId of the environment.")
    environment_type: str
    direction: Literal["to-outlook", "both", "to-dataverse"] = Field(description="DATAVERSE_DIRECTION.")
    resources: list[PlannedResource]
    findings: list[str] = Field(description="What to look at first, a sentence for each.")


class StartedDataverse(Strict):
    """What is followed from now on."""

    organization: str
    resources: int = Field(ge=0)
    watches: int = Field(ge=0)


class DataverseState(Strict):
    """What the feature follows. It holds no title."""

    started_at: Moment | None
    organization: str | None
    held_since: Moment | None = Field(description="Since when an administrator holds all writes; null if nobody does.")
    token_age_seconds: float | None = Field(description="Age of the change-tracking token; null without one.")
    resources: dict[str, int] = Field(description="Number of resources by state.")
    pairs: dict[str, int] = Field(description="Number of pairs by state.")
    waiting: int = Field(ge=0, description="Approximate number of messages on the queue pair-changes.")
    oldest_hint_seconds: int = Field(ge=0, description="Age of the oldest hint that is due; 0 without one.")
    mailboxes_held: int = Field(ge=0, description="Number of mailboxes held by the brake or an administrator.")
    dead_letters: int = Field(ge=0)
    circuit_breaker_until: Moment | None = Field(description="Until when Dataverse is not called; null if it is.")
    last_webhook_at: Moment | None = Field(
        description="When a webhook with the right secret last arrived, a minute older at most; null without one."
    )


class ExecutionContext(BaseModel):
    """The body of a webhook ("Understand the execution context"). Nothing else of it is used."""

    model_config = ConfigDict(extra="allow")

    organization_id: str = Field(alias="OrganizationId", description="Of another organization: dropped.")
    primary_entity_name: str = Field(alias="PrimaryEntityName", description="Another table than bookings: dropped.")
    primary_entity_id: str = Field(alias="PrimaryEntityId", description="The booking that may have changed.")
    input_parameters: list[Any] = Field(
        default=[], alias="InputParameters", description="The Target; its id is used if PrimaryEntityId has none."
    )


_STATE = Response("The present state of the feature.", DataverseState)
DATAVERSE = (
    Operation(
        "get_dataverse", "get", "dataverse", "operations", "Read the state of the feature dataverse.",
        {200: _STATE}, (503,), feature="dataverse",
    ),
    Operation(
        "plan_dataverse", "post", "dataverse/plan", "operations",
        "Read what start would do: the resources, and the number of events to make. Nothing is changed.",
        {200: Response("The plan.", DataversePlan)}, (400, 409, 422, 502, 503), NoContent, body_is_needed=False,
        feature="dataverse",
    ),
    Operation(
        "start_dataverse", "post", "dataverse/start", "operations",
        "Begin to follow the bookings of the environment. Idempotent.",
        {200: Response("What is followed.", StartedDataverse)}, (400, 409, 422, 502, 503), DataverseStart,
        body_is_needed=False, feature="dataverse",
    ),
    Operation(
        "hold_dataverse", "post", "dataverse/hold", "operations",
        "Hold the writes of one mailbox or of the whole feature; reading goes on.",
        {200: _STATE}, (400, 422, 503), MailboxToHold, body_is_needed=False, feature="dataverse",
    ),
    Operation(
        "release_dataverse", "post", "dataverse/release", "operations",
        "Release what was held, by hand or by the brake: the writes that waited are made.",
        {200: _STATE}, (400, 422, 503), MailboxToHold, body_is_needed=False, feature="dataverse",
    ),
    Operation(
        "receive_bookings", "post", "dataverse/notifications", "Dataverse",
        "Receive a webhook: the booking is read soon, by its id.",
        {200: Response("The booking is queued, or the webhook is none of ours.", media="text/plain", example="")},
        (400, 401, 413, 415, 422, 503), ExecutionContext, feature="dataverse",
    ),
)  # fmt: skip
