"""Act on lifecycle events of subscriptions.

Rests on "Microsoft Graph: Reduce missing subscriptions and change notifications". A PATCH both renews and
reauthorizes, so /reauthorize is never called, and a subscription that Graph removed is found by the same PATCH's 404.
"""

from __future__ import annotations

import logging

from shared import telemetry
from shared.relay.messages import Repair
from shared.relay.parts import Parts

_logger = logging.getLogger("relay.repair")


def repair(parts: Parts, wanted: Repair) -> str:
    """Act on one lifecycle event and return a word for what was done. Raises RelayError to be tried again."""
    end = _repaired(parts, wanted)
    telemetry.count("repairs", kind=wanted.kind, end=end)
    return end


def _repaired(parts: Parts, wanted: Repair) -> str:
    watch = parts.watches.get(wanted.watch_id)
    if watch is None:
        return "unknown-watch"
    if not parts.allows(watch.mailbox):
        return "not-allowed"
    if wanted.kind == "missed":
        _logger.warning("Graph could not deliver some changes of watch %s", watch.id, extra={"watch": watch.id})
        return "noted"
    if wanted.kind == "reauthorizationRequired" and parts.keeper.was_just_renewed(watch):
        return "just-renewed"
    if wanted.kind == "subscriptionRemoved" and wanted.subscription_id == watch.subscription_id:
        after = parts.keeper.anew(watch)
    else:
        after = parts.keeper.ensure(watch)
    return "deleted-meanwhile" if after is None else "kept"
