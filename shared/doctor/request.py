"""The request of an administrator to the doctor. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.api.fields import checked_address, invalid

MOST_MAILBOXES = 5  # of each kind; each costs a call to Graph


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """Mailboxes that must be readable and that must not be; `ping` requests a test delivery to the partner."""

    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    ping: bool = True


def parse_doctor_request(content: dict[str, Any]) -> DoctorRequest:
    """Return the validated body of a call. Raises RequestRejected 422."""
    ping = content.get("ping", True)
    if not isinstance(ping, bool) or content.keys() - {"allowed", "refused", "ping"}:
        raise invalid("the fields are allowed and refused (lists of mailboxes), and ping (true or false)")
    allowed, refused = _mailboxes("allowed", content), _mailboxes("refused", content)
    if set(allowed) & set(refused):
        raise invalid("a mailbox cannot be in allowed and in refused")
    return DoctorRequest(allowed, refused, ping)


def _mailboxes(name: str, content: dict[str, Any]) -> tuple[str, ...]:
    mailboxes = content.get(name, [])
    if (
        not isinstance(mailboxes, list)
        or len(mailboxes) > MOST_MAILBOXES
        or not all(isinstance(mailbox, str) for mailbox in mailboxes)
    ):
        raise invalid(f"{name}: must be a list of at most {MOST_MAILBOXES} mailboxes")
    return tuple(dict.fromkeys(checked_address(name, mailbox) for mailbox in mailboxes))
