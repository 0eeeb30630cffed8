"""The points between two steps of the way of a change, told from outside: by what storage and the partner are asked.

received | queued | leased | read | signed | sent | recorded: the host is killed when it has done just this, and before
it can know or do the next thing.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.proxy import Exchange, Step

MESSAGES = "/calendar-changes/messages"
ANY = "any"  # at no chosen point: whenever the pause is over
_MESSAGE = re.compile(rb"<MessageText>([A-Za-z0-9+/=]*)</MessageText>")
_SETTLED = re.compile(rb'"claimed_until": ?""')


@dataclass(frozen=True)
class Point:
    """Where a proxy holds the exchange: which proxy, before or after the work, and what the exchange looks like."""

    service: str
    step: Step
    matches: Callable[[Exchange], bool]


class Resyncs:
    """Counts the resyncs that the relay asks itself for: there ought to be none, as they would find what was lost."""

    def __init__(self) -> None:
        self.number = 0

    def hear(self, one: Exchange) -> None:
        """Look into a message for the queue of repairs."""
        if one.method == "POST" and one.path.endswith("/mailbox-repairs/messages"):
            text = _MESSAGE.search(one.request.content)
            self.number += b'"resync' in base64.b64decode(text[1]) if text else 0


def _is_hint(one: Exchange) -> bool:
    """Tell a message of new hints from one that the relay itself puts back: that has a wait, even of 0."""
    return one.method == "POST" and one.path.endswith(MESSAGES) and "visibilitytimeout" not in one.query


def _is_queued(one: Exchange) -> bool:
    return _is_hint(one) and one.status == 201


def _is_leased(one: Exchange) -> bool:
    taken = one.method == "GET" and one.path.endswith(MESSAGES)
    return taken and one.answer is not None and b"<MessageId>" in one.answer.content


def _is_delivery(one: Exchange) -> bool:
    return one.method == "POST"


def _is_taken(one: Exchange) -> bool:
    return one.method == "POST" and 200 <= one.status < 300


def _is_recorded(one: Exchange) -> bool:
    """Tell the ledger's write that ends a claim; a batch names the table in its body."""
    content = one.request.content
    named = "/ledger" in one.path or b"/ledger(" in content
    return named and 200 <= one.status < 300 and bool(_SETTLED.search(content)) and b'"told": ""' not in content


HELD = {
    "received": Point("queue", "asked", _is_hint),
    "queued": Point("queue", "answered", _is_queued),
    "leased": Point("queue", "answered", _is_leased),
    "signed": Point("partner", "asked", _is_delivery),
    "sent": Point("partner", "answered", _is_taken),
    "recorded": Point("table", "answered", _is_recorded),
}
# Between reading and signing, a host that was just started asks for the signing secret: it is made to wait there.
READ = "read"
READ_FAULT = {"match": "GET /secrets/partner-signing-secret", "delaySeconds": 1.0, "times": 1}
OF_A_DELIVERY = (READ, "signed", "sent", "recorded")
POINTS = ("received", "queued", "leased", READ, "signed", "sent", "recorded", ANY)
