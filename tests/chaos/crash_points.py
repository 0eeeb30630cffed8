"""The crash points between two steps of a delivery, recognised from outside by requests to storage and the partner.

received | queued | leased | read | signed | sent | recorded: the host is killed right after this step, before the next
one.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.proxy import Exchange, Step

MESSAGES = "/calendar-changes/messages"
JOBS = ("/mailbox-repairs/messages", "/subscription-work/messages")
ANY = "any"  # no particular crash point: when the pause is over
_MESSAGE = re.compile(rb"<MessageText>([A-Za-z0-9+/=]*)</MessageText>")
_RESYNCS = ("resync", "missed")
_CLAIM_ENDED = re.compile(rb'"claimed_until": ?""')


@dataclass(frozen=True)
class CrashPoint:
    """Where a proxy holds the exchange: which proxy, before or after the work, and which exchange."""

    service: str
    step: Step
    matches: Callable[[Exchange], bool]


class Resyncs:
    """Counts the resyncs that the relay queues, by watch: they restore lost changes, so only untrue answers of Graph
    about a watch excuse them.
    """

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def observe(self, exchange: Exchange) -> None:
        """Read a message for one of the queues of jobs."""
        if exchange.method == "POST" and exchange.path.endswith(JOBS):
            text = _MESSAGE.search(exchange.request.content)
            jobs = json.loads(base64.b64decode(text[1]))["repairs"] if text else []
            self.of.update(str(job.get("watch", "")) for job in jobs if job["kind"].startswith(_RESYNCS))


def _is_hint(exchange: Exchange) -> bool:
    """Return whether a message has new notifications: one that the relay puts back has a delay, even of 0."""
    return exchange.method == "POST" and exchange.path.endswith(MESSAGES) and "visibilitytimeout" not in exchange.query


def _is_queued(exchange: Exchange) -> bool:
    return _is_hint(exchange) and exchange.status == 201


def _is_leased(exchange: Exchange) -> bool:
    taken = exchange.method == "GET" and exchange.path.endswith(MESSAGES)
    return taken and exchange.response is not None and b"<MessageId>" in exchange.response.content


def _is_delivery(exchange: Exchange) -> bool:
    return exchange.method == "POST"


def _is_taken(exchange: Exchange) -> bool:
    return exchange.method == "POST" and 200 <= exchange.status < 300


def _is_recorded(exchange: Exchange) -> bool:
    """Return whether a write to the ledger ends a claim; a batch names the table in its body."""
    content = exchange.request.content
    named = "/ledger" in exchange.path or b"/ledger(" in content
    ended = bool(_CLAIM_ENDED.search(content)) and b'"told": ""' not in content
    return named and 200 <= exchange.status < 300 and ended


PROXY_POINTS = {
    "received": CrashPoint("queue", "request", _is_hint),
    "queued": CrashPoint("queue", "response", _is_queued),
    "leased": CrashPoint("queue", "response", _is_leased),
    "signed": CrashPoint("partner", "request", _is_delivery),
    "sent": CrashPoint("partner", "response", _is_taken),
    "recorded": CrashPoint("table", "response", _is_recorded),
}
# Between reading and signing, a new host reads the signing secret, and can be held there.
READ = "read"
READ_FAULT = {"match": "GET /secrets/partner-signing-secret", "delaySeconds": 1.0, "times": 1}
OF_A_DELIVERY = (READ, "signed", "sent", "recorded")
CRASH_POINTS = ("received", "queued", "leased", READ, "signed", "sent", "recorded", ANY)
