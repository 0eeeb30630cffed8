"""Models of the request and the response about forgetting a mailbox."""

from __future__ import annotations

from pydantic import Field

from tools.openapi.fields import Strict


class MailboxToForget(Strict):
    """The mailbox, by one of its addresses."""

    mailbox: str = Field(description="Its address.", examples=["room1@contoso.com"])


class ForgottenMailbox(Strict):
    """How many of each kind were deleted; all 0 if nothing named the mailbox."""

    watches: int = Field(ge=0)
    subscriptions: int = Field(ge=0, description="Subscriptions at Graph of these watches.")
    unknown_subscriptions: int = Field(ge=0, description="Subscriptions at Graph that no watch named.")
    ledger_entries: int = Field(ge=0, description="States that the partner had.")
    parked_changes: int = Field(ge=0)
    dead_letters: int = Field(ge=0)
    slot_bookings: int = Field(ge=0, description="Their events stay in the calendar.")
    replays: int = Field(ge=0, description="Replays of the dead letters of its watch.")
    allowed: bool | None = Field(
        description="Whether ALLOWED_MAILBOXES still names it, so that it may be set up again; null if unknown."
    )
