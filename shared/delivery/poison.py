"""Take over messages that the host gave up on."""

from __future__ import annotations

from dataclasses import replace

from shared.messages import BadMessage, read_changes, read_jobs
from shared.parts import Parts
from shared.reliability.parking import GAVE_UP, bury, bury_unreadable
from shared.reliability.retry_schedule import delay_after, was_last


def keep_changes(parts: Parts, text: str) -> None:
    """Put the changes of a message back for a later try or, after the last one, make them dead letters."""
    try:
        message = read_changes(text)
    except BadMessage:
        bury_unreadable(parts, text)
        return
    if was_last(message.attempt):
        for change in message.changes:
            bury(parts, message, change, GAVE_UP, status=0)
    else:
        parts.changes.send(replace(message, attempt=message.attempt + 1), delay_after(message.attempt))


def keep_repairs(parts: Parts, text: str) -> None:
    """Put repairs back for a later try; after the last one the timer's runs and the nightly resync do their work."""
    try:
        repairs = read_jobs(text)
    except BadMessage:
        bury_unreadable(parts, text)
        return
    for repair in repairs:
        if not was_last(repair.attempt):
            parts.repairs.send(replace(repair, attempt=repair.attempt + 1), delay_after(repair.attempt))
