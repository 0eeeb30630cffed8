"""Refuse what a caller asks of a mailbox that the customer does not allow."""

from __future__ import annotations

from shared.errors import GraphError, GraphUnavailable, SetupRefused
from shared.relay.allow_list import AllowList


def check_allowed(allow_list: AllowList, mailbox: str) -> None:
    """Raise SetupRefused unless the customer allows a mailbox: 403, or what to do when Graph cannot tell."""
    try:
        allowed = allow_list.allows(mailbox)
    except GraphError as error:
        text = "A room list of ALLOWED_MAILBOXES cannot be read: the relay needs Place.Read.All for it."
        if isinstance(error, GraphUnavailable):
            raise SetupRefused(503, "Microsoft Graph is busy", "Try again soon.", error.retry_after or 30) from error
        raise SetupRefused(502, "Permission missing at Microsoft Graph", f"{text} ({error})") from error
    if not allowed:
        raise SetupRefused(403, "Mailbox not allowed", "The customer's ALLOWED_MAILBOXES does not name this address.")
