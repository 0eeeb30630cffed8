"""The state of a watch as people see it: one enumeration, derived from the row. It is shown and never steers.

docs/subscriptions.md has a table of who sets and who clears each state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.storage.watches import Watch

RENAMED_FOR = timedelta(days=2)  # how long it is shown; the daily resync notes it again


class ShownState(StrEnum):
    """The states."""

    PENDING = "pending"  # the subscription does not exist yet, or is being made anew
    WAITING = "waiting"  # Graph asked to wait before the next attempt
    LIVE = "live"
    DOUBTFUL = "doubtful"  # Graph denied the subscription once; it is asked again
    REFUSED = "refused"  # a permission or a scope is missing
    GONE = "gone"  # the mailbox does not exist
    PAUSED = "paused"  # the allow-list does not have the mailbox
    PAUSED_BY_HOST = "paused-by-host"  # ALLOWED_NOTIFICATION_HOSTS does not have the host of its URL
    PAUSED_BY_OWNER = "paused-by-owner"  # another mailbox answers under its address
    STOPPED = "stopped"  # the relay is


_PAUSES = {"host": ShownState.PAUSED_BY_HOST, "owner": ShownState.PAUSED_BY_OWNER, "stop": ShownState.STOPPED}


class Shown(NamedTuple):
    """A state, since when, and what to do about it ("" for nothing)."""

    state: ShownState
    since: datetime | None
    what_to_do: str


def shown(watch: Watch, now: datetime) -> Shown:
    """Return the state to show. A calendar that cannot be read is not live, although its subscription is."""
    if watch.state == "live" and watch.reading_state:
        return Shown(ShownState(watch.reading_state), watch.reading_since, watch.reading_error)
    if watch.state == "live" and watch.missing_since is not None:
        text = "Graph denies the subscription. The relay asks again, and makes a new one if it is denied twice."
        return Shown(ShownState.DOUBTFUL, watch.missing_since, text)
    if watch.state == "live" and is_renamed(watch, now):
        return Shown(ShownState.LIVE, watch.since, _renamed(watch))
    if watch.state == "pending" and watch.retry_at is not None and watch.retry_at > now:
        return Shown(ShownState.WAITING, watch.since, watch.last_error)
    state = _PAUSES.get(watch.paused_by, ShownState.PAUSED) if watch.state == "paused" else ShownState(watch.state)
    return Shown(state, watch.since, watch.last_error)


def is_renamed(watch: Watch, now: datetime) -> bool:
    """Return whether Graph last found the mailbox by its object id only: its address may be another's by now."""
    return watch.renamed_at is not None and now - watch.renamed_at < RENAMED_FOR


def _renamed(watch: Watch) -> str:
    place = f" Its address is now {watch.new_address}." if watch.new_address else ""
    return (
        f"Graph finds this mailbox by its object id, but no longer by its address.{place} The relay goes on. To watch "
        "it by its new address, delete this subscription, then set up the new address."
    )
