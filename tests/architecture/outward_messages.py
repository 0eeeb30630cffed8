"""Messages of the queues: their values by position, and their texts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from shared.messages import (
    Change,
    ChangeMessage,
    Job,
    read_changes,
    read_jobs,
    write_changes,
    write_jobs,
)
from tests.architecture.outward import in_order

HINTED = "2026-11-20T10:00:00.123456+00:00"
WATCH, RETRY = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def written_by(kind: str, given: list[Any]) -> list[str]:
    """Return the texts that the product writes."""
    if kind == "repairs":
        return list(write_jobs([Job(*one) for one in given]))
    hinted, changes, *flags = given
    made = tuple(Change(*one) for one in changes)
    return list(write_changes(ChangeMessage(datetime.fromisoformat(hinted), made, *flags)))


def read_by(kind: str, text: str) -> list[Any]:
    """Return the values that the product reads, in the order of `given`, without the fields that were added since."""
    if kind == "repairs":
        return [list(in_order(one))[:4] for one in read_jobs(text)]
    hinted, changes, *flags = in_order(read_changes(text))
    return [hinted.isoformat(), [list(in_order(one))[:4] for one in changes], *flags[:4]]


def digests_of(number: int) -> list[list[Any]]:
    """Return length and digest of each message for a number of changes."""
    changes = [[WATCH, "user", f"AAMk{place:040}", place % 3 == 0] for place in range(number)]
    texts = written_by("changes", [HINTED, changes, 1, RETRY, True, True])
    return [[len(text), hashlib.sha256(text.encode()).hexdigest()] for text in texts]
