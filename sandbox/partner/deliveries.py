"""The journal of received deliveries: record, count, list and wait for them."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.partner.receive import Receipt


@dataclass
class Attempt:
    """One POST to the webhook; the fields are named as in the control route's JSON.

    `attempt` counts from 1 for each webhook-id. `status` is the response's; it stays null when the connection was cut.
    `taken` is true once the delivery counts as received, also as a duplicate.
    """

    number: int
    webhookId: str | None  # noqa: N815 - JSON's spelling
    receivedAt: str  # noqa: N815
    attempt: int
    type: str | None
    mailbox: str | None
    eventId: str | None  # noqa: N815
    status: int | None = None
    duplicate: bool = False
    taken: bool = False
    violations: list[str] = field(default_factory=list)


class Deliveries:
    """The journal of attempts; its content is untrusted until `taken` is true."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self._per_id: Counter[str | None] = Counter()
        self._taken: set[str | None] = set()
        self._changed = asyncio.Condition()

    async def arrived(self, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Record an attempt on arrival, before it is verified."""
        webhook_id = headers.get("webhook-id")
        self._per_id[webhook_id] += 1
        received_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        number = self._per_id[webhook_id]
        attempt = Attempt(len(self.attempts) + 1, webhook_id, received_at, number, *_about(body))
        self.attempts.append(attempt)
        await self._announce()
        return attempt

    async def completed(self, attempt: Attempt, receipt: Receipt) -> None:
        """Record the result of an attempt."""
        attempt.duplicate, attempt.violations = receipt.duplicate, list(receipt.violations)
        attempt.taken = receipt.status == 204
        if attempt.taken:
            self._taken.add(attempt.webhookId)
        await self._announce()

    async def wait(self, deliveries: int, seconds: float, *, taken: bool = False) -> bool:
        """Return whether this many distinct webhook-ids came (or were taken) within `seconds`."""
        ids: set[str | None] | Counter[str | None] = self._taken if taken else self._per_id
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: len(ids) >= deliveries)
        except TimeoutError:
            return False
        return True

    def counts(self) -> dict[str, int]:
        """Return the number of attempts, of distinct webhook-ids, and of those that were taken."""
        return {"count": len(self.attempts), "distinct": len(self._per_id), "taken": len(self._taken)}

    def summary(self, since: int = 0) -> dict[str, Any]:
        """Return all counts, and the attempts with a number above `since`."""
        violations = [
            {"number": each.number, "webhookId": each.webhookId, "violation": line}
            for each in self.attempts
            for line in each.violations
        ]
        accepted = (each for each in self.attempts if each.taken and not each.duplicate)
        return {
            **self.counts(),
            "duplicates": sum(each.duplicate for each in self.attempts),
            "refused": sum((each.status or 0) >= 300 for each in self.attempts),
            "violations": violations,
            "byType": Counter(each.type or "?" for each in accepted),
            "list": [asdict(each) for each in self.attempts[since:]],
        }

    def forget(self) -> None:
        """Clear the journal."""
        self.attempts.clear()
        self._per_id.clear()
        self._taken.clear()

    async def _announce(self) -> None:
        """Wake all waiters."""
        async with self._changed:
            self._changed.notify_all()


def _about(body: bytes) -> tuple[str | None, str | None, str | None]:
    """Return type, mailbox and event id as the body claims them; None for each that cannot be read."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None, None, None
    return _text(payload, "type"), _text(payload, "data", "mailbox"), _text(payload, "data", "event", "id")


def _text(value: Any, *path: str) -> str | None:
    """Return the string at a path of JSON, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
