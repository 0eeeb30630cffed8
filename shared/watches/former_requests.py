"""The bodies of POST /api/subscriptions with several mailboxes or a room list, as earlier versions took them. Pure.

POST /api/subscriptions/batch and POST /api/room-lists replace them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.api.fields import checked_address, faults_of, invalid
from shared.watches.requests import MOST_MAILBOXES

_SUBJECTS = {"mailbox", "mailboxes", "roomList"}
_SUBJECT_RULE = "mailbox: send exactly one of mailbox, mailboxes and roomList"
_OTHERS = _SUBJECTS - {"mailbox"}


class SetupRequest(BaseModel):
    """The body. Other fields are rejected.

    It names one mailbox, several mailboxes, or a room list.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    mailbox: str | None = None
    mailboxes: list[str] | None = Field(default=None, min_length=1, max_length=MOST_MAILBOXES)
    room_list: str | None = Field(default=None, alias="roomList")
    delivery: Literal["relay", "direct"] = "relay"
    notification_url: str | None = Field(default=None, alias="notificationUrl", max_length=2048)


def is_former(content: dict[str, Any]) -> bool:
    """Return whether a body has a field that only the earlier form has."""
    return not _OTHERS.isdisjoint(content)


def parse_setup_request(content: dict[str, Any]) -> SetupRequest:
    """Parse the body of a setup call. Raises RequestRejected 422, which names the field and rule but not the value."""
    try:
        request = SetupRequest.model_validate(content)
    except ValidationError as error:
        faults = faults_of(error)
        raise invalid("; ".join(faults if _SUBJECTS & content.keys() else [*faults, _SUBJECT_RULE])) from None
    if sum(subject is not None for subject in (request.mailbox, request.mailboxes, request.room_list)) != 1:
        raise invalid(_SUBJECT_RULE)
    return request


def parse_room_list(request: SetupRequest) -> str:
    """Return the address of the requested room list. Raises RequestRejected 422."""
    if request.delivery != "relay" or request.notification_url is not None:
        raise invalid(
            "delivery: a room list allows delivery by the relay only; set up single rooms for direct delivery"
        )
    return checked_address("roomList", request.room_list or "")
