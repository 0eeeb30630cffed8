"""Times in which changes may have been missed, and the resyncs that they call for.

A resync is a message on the queue, so that no crash forgets it; until it is there, the watch's row says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.parts import Parts
from shared.storage.watches import NEEDS_A_PERSON, Watch
from shared.threads import side_by_side

# "Receive change notifications through webhooks": Graph tries again for up to 4 hours, then a notification is lost.
ABSENCE = timedelta(hours=3, minutes=30)
AT_ONCE = 8
TRIES = 4  # to write to a row that others write to as well
APART = 0.2  # seconds between the nightly resyncs of two mailboxes

_logger = logging.getLogger("relay.gaps")


def catch_up_after_absence(parts: Parts) -> None:
    """Queue a resync of every mailbox if the relay was away for longer than Graph tries again; note that it is here."""
    now, last = parts.now(), parts.heartbeat.last()
    if last is not None and now - last > ABSENCE:
        _logger.warning("The relay was away from %s to %s: every mailbox is resynced", last, now)
        queue_resyncs(parts, parts.watches.all())
    parts.heartbeat.beat(now)


def queue_nightly_resyncs(parts: Parts) -> int:
    """Queue a resync of every mailbox, one after the other; returns how many."""
    return queue_resyncs(parts, parts.watches.all(), APART)


def queue_resyncs(parts: Parts, watches: Iterable[Watch], apart: float = 0.0) -> int:
    """Queue a resync of each watch that can be read, `apart` seconds from each other; returns how many.

    One that is refused, gone or paused is resynced when it is live again; with direct delivery nothing passes through
    us.
    """
    due = [one for one in watches if one.delivery == "relay" and one.state not in (*NEEDS_A_PERSON, "paused")]
    side_by_side(
        lambda pair: queue_resync(parts, pair[1].id, delay=pair[0] * apart), enumerate(due), AT_ONCE, "resync"
    )
    return len(due)


def queue_resync(parts: Parts, watch_id: str, *, full: bool = False, delay: float = 0.0) -> None:
    """Queue the resync of one mailbox. Raises ServiceUnavailable."""
    parts.repairs.send(Job(watch_id, "resync-full" if full else "resync"), delay)


def queue_owed_resyncs(parts: Parts) -> None:
    """Queue the resyncs that live watches are owed."""
    for watch in parts.watches.all():
        if watch.state == "live" and watch.gap_since is not None:
            settle_gap(parts, watch)


def owe_resync(parts: Parts, watch: Watch) -> None:
    """Note on a watch's row that changes pass it by: when its mailbox is allowed again, a resync makes up for them.

    Raises ServiceUnavailable when it cannot be noted: then the changes must stay on the queue.
    """
    row: Watch | None = watch
    for _ in range(TRIES):
        if row is None or row.gap_since is not None or parts.watches.change(row, gap_since=parts.now()) is not None:
            return
        row = parts.watches.get(watch.id)
    raise ServiceUnavailable("storage", "lets others write to the watch's row first")


def settle_gap(parts: Parts, watch: Watch) -> None:
    """Queue the resync that a watch is owed, and only then forget that it is. Twice is as good as once."""
    if watch.gap_since is None:
        return
    if watch.delivery == "relay":
        queue_resync(parts, watch.id)
    parts.watches.change(watch, gap_since=None)
