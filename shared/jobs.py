"""Act on what the queue mailbox-repairs holds: lifecycle events, resyncs, and the steps of longer work.

Rests on "Microsoft Graph: Reduce missing subscriptions and change notifications". A PATCH both renews and
reauthorizes, so /reauthorize is never called, and a subscription that Graph removed is found by the same PATCH's 404.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from shared import telemetry
from shared.delivery.recovery import drain, probe
from shared.errors import RelayError
from shared.messages import Job
from shared.parts import Parts
from shared.reliability.dead_letters import replay_some
from shared.reliability.retry_schedule import delay_after
from shared.resync.catch_up import owe_resync, settle_gap
from shared.resync.resync import resync
from shared.storage.watches import Watch
from shared.subscriptions.reconcile import reconcile
from shared.watches.graph_errors import state_after

_logger = logging.getLogger("relay.repair")
_FOR_ALL: dict[str, Callable[[Parts, Job], str]] = {  # what is not about one watch
    "reconcile": lambda parts, _: _reconciled(parts),
    "probe": lambda parts, _: probe(parts),
    "drain": lambda parts, _: drain(parts),
    "replay": lambda parts, wanted: replay_some(parts, wanted.watch_id),
}


def repair_all(parts: Parts, wanted: Sequence[Job]) -> None:
    """Do what one message wants. Several repairs (Graph posts hundreds at once) become a message each, which instances
    share and of which none waits behind another. Raises ServiceUnavailable when the queue cannot be written: all come
    again.
    """
    if len(wanted) == 1:
        repair(parts, wanted[0])
        return
    for one in wanted:
        parts.repairs.send(one)


def repair(parts: Parts, wanted: Job) -> str:
    """Do what is wanted, and return a word for what was done. What fails goes back on the queue with a growing delay.

    Raises ServiceUnavailable only when not even the queue can be written: then the host keeps the message.
    """
    try:
        end = _repaired(parts, wanted)
    except RelayError as error:
        end = _put_back(parts, wanted, error)
    telemetry.count("repairs", kind=wanted.kind, end=end)
    return end


def _repaired(parts: Parts, wanted: Job) -> str:
    if wanted.kind in _FOR_ALL:
        return _FOR_ALL[wanted.kind](parts, wanted)
    watch = parts.watches.get(wanted.watch_id)
    if watch is None:
        return "unknown-watch"
    if not parts.allow_list.allows(watch.mailbox):
        owe_resync(parts, watch)
        return "not-allowed"
    if wanted.kind in ("missed", "resync", "resync-full"):
        return _resynced(parts, watch, full=wanted.kind == "resync-full")
    return _answered(parts, watch, wanted)


def _reconciled(parts: Parts) -> str:
    reconcile(parts)
    return "reconciled"


def _resynced(parts: Parts, watch: Watch, *, full: bool) -> str:
    try:
        resync(parts, watch, full=full)
    except RelayError as error:
        if state_after(error):  # the calendar may not be read, or is gone: an administrator has to know
            parts.keeper.failed(watch, error, gap_since=watch.gap_since or parts.now())
        raise
    return "resynced"


def _answered(parts: Parts, watch: Watch, wanted: Job) -> str:
    """Do what Graph asks for the subscription of a watch, if it is the one that the watch has."""
    keeper, asks_for_renewal = parts.keeper, wanted.kind == "reauthorizationRequired"
    if wanted.subscription_id and wanted.subscription_id != watch.subscription_id:
        return "superseded"  # said of an earlier one, which was replaced since
    if asks_for_renewal and keeper.was_just_renewed(watch):
        return "just-renewed"
    after = keeper.renew(watch) if asks_for_renewal and watch.subscription_id else keeper.anew(watch)
    if after is None:
        return "deleted-meanwhile"
    if after.state == "live":
        settle_gap(parts, after)
    return "kept"


def _put_back(parts: Parts, wanted: Job, error: RelayError) -> str:
    """Put a repair back, unless a person is needed: then the timer tries again, slowly."""
    _logger.warning("%s of watch %s failed: %s", wanted.kind, wanted.watch_id, error, extra={"watch": wanted.watch_id})
    state = state_after(error)
    if state:
        return state
    delay = delay_after(wanted.attempt, getattr(error, "retry_after", None))
    parts.repairs.send(replace(wanted, attempt=wanted.attempt + 1), delay)
    return "put-back"
