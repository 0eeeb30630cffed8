"""A delivery: its cost, its latency, and the number of concurrent ones."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.stack import Stack
from shared.bootstrap.app import App
from shared.messages import Change, ChangeMessage
from shared.threads import MailboxLimits, MailboxWorkers, pool
from tests.bench.report import Row

CHANGES = 30
MAILBOXES = 12
PARTNER_SECONDS = 0.05


def measure(stack: Stack) -> Iterator[Row]:
    """Measure on a stack with SETTLE_SECONDS, which the results leave out."""
    mailboxes = [f"bench{number}@contoso.com" for number in range(MAILBOXES)]
    watches = {}
    for mailbox in mailboxes:
        stack.tenant.control("POST", "/mailboxes", {"address": mailbox, "kind": "user"})
        watches[mailbox] = stack.relay.watch(mailbox)["id"]
    yield from _sequential(stack, mailboxes)
    yield from _concurrent(stack, watches)
    yield Row("peak memory of the host that delivers", stack.host.cpu_and_memory()[1], None, "MiB")


def _sequential(stack: Stack, mailboxes: list[str]) -> Iterator[Row]:
    """Book, and time each delivery from the booking to the partner's receipt; each has three notifications."""
    stack.tenant.control("DELETE", "/calls")
    stack.partner.control("DELETE")
    booked = {}
    for number in range(CHANGES):
        moment = datetime.now(UTC)
        event = _book(stack, mailboxes[number % MAILBOXES], number)
        booked[event["immutableId"]] = moment
        stack.partner.control("GET", "/wait", deliveries=str(number + 1), seconds="20")
    stack.tenant.control("POST", "/notifications/flush")
    _await_empty_queue(stack)
    seen = stack.partner.deliveries()
    arrived = {item["eventId"]: datetime.fromisoformat(item["receivedAt"]) for item in reversed(seen["list"])}
    settle_seconds = float(stack.settings["SETTLE_SECONDS"])
    waits = [(arrived[event] - moment).total_seconds() - settle_seconds for event, moment in booked.items()]
    reads = sum(n for call, n in stack.tenant.control("GET", "/calls").items() if call.startswith("GET /users"))
    yield Row("Graph calls for a change that is hinted three times", reads / CHANGES, 1, lower=True)
    yield Row("deliveries for a change that is hinted three times", seen["count"] / CHANGES, 1, lower=True)
    yield Row("change to partner, settle time excluded, p50", statistics.median(waits), 0.7, "s", lower=True)


def _await_empty_queue(stack: Stack) -> None:
    """Wait until the last notifications have been processed."""
    relay, stop = App(stack.env), time.monotonic() + 30
    while relay.changes.depth() and time.monotonic() < stop:
        time.sleep(0.2)


def _concurrent(stack: Stack, watches: dict[str, str]) -> Iterator[Row]:
    """Deliver the same work with one worker and with all, in this process, to a slow partner."""
    stack.tenant.control("POST", "/notifications", {"paused": True})
    work = [(watches[box], _book(stack, box, n)["immutableId"]) for n in range(24) for box in watches]
    stack.partner.control("POST", "/behaviour", {"delaySeconds": PARTNER_SECONDS})
    one = MailboxWorkers(pool(1, "change"), MailboxLimits())
    alone, many = App(stack.env, workers=one), App(stack.env)
    slow = [_rate(alone, work[:24]), _rate(alone, work[24:48])]
    _rate(many, work[48:72])  # opens the connections, as the single worker has done already
    fast = [_rate(many, work[72:])]
    yield Row("deliveries/s at a partner of 50 ms, all at once over one by one", max(fast) / max(slow), 24)
    yield Row("(deliveries/s here)", max(fast), None, "/s")


def _rate(relay: App, work: list[tuple[str, str]]) -> float:
    """Return deliveries per second for one message of changes."""
    changes = tuple(Change(watch, "user", event) for watch, event in work)
    start = time.perf_counter()
    ends = relay.delivery.deliver(ChangeMessage(datetime.now(UTC) - timedelta(minutes=1), changes))
    if ends["told"] != len(work):
        raise RuntimeError(f"not every change was told: {ends}")
    return len(work) / (time.perf_counter() - start)


def _book(stack: Stack, mailbox: str, number: int) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2, minutes=number)
    times = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    return stack.tenant.book(mailbox, subject=f"Bench {number}", direct=True, **times)
