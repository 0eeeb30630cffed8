"""Commands about deliveries."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import FAILED, OK, UsageError
from relay_admin.output import Output, counted

POLL_SECONDS = 1.0


def dead_letters(relay: RelayClient, out: Output, options: Namespace) -> int:
    """List dead letters. If there are any, the exit code is FAILED, because a person has to act."""
    query = {"from": options.since, "to": options.before, "reason": options.reason, "watch": options.watch}
    letters = list(relay.pages("/dead-letters", **{name: value for name, value in query.items() if value}))
    out.data({"value": letters})
    names = ("died", "reason", "status", "attempts", "subscriptionId", "id")
    heads = ("died", "reason", "status", "tries", "watch", "id")
    out.table(heads, (["" if letter[name] is None else letter[name] for name in names] for letter in letters))
    out.line(counted(len(letters), "dead letter") + (". After fixing the cause: replay --all" if letters else ""))
    return FAILED if letters else OK


def replay(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Replay selected dead letters, and wait until all are queued."""
    total = relay.call("GET", "/relay")["deadLetters"]
    state = relay.call("POST", "/dead-letters/replay", _selection(options))
    deadline = time.monotonic() + options.wait
    with out.progress() as progress:
        bar = progress.add_task("Replaying", total=len(options.ids) if options.ids else total)
        while not state["done"] and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            state = relay.call("GET", f"/dead-letters/replays/{state['id']}")
            progress.update(bar, completed=state["queued"])
    out.data(state)
    outcome = "The replay is complete" if state["done"] else f"The replay continues: {state['link']} shows its progress"
    out.line(f"Queued for delivery: {counted(state['queued'], 'change')}. {outcome}.")
    return OK if state["done"] or not options.wait else FAILED


def pause(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Pause deliveries."""
    return _operate(relay, out, "pause", options.reason)


def resume(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Resume deliveries."""
    return _operate(relay, out, "resume", options.reason)


def stop(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Stop the whole relay."""
    return _operate(relay, out, "stop", options.reason)


def start(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Start the relay again."""
    return _operate(relay, out, "start", options.reason)


def stop_summary(state: dict[str, Any]) -> str:
    """Return since when the relay is stopped, as a sentence; "" while it runs, or for a relay of an earlier version."""
    if not state.get("stoppedSince"):
        return ""
    return f"The relay is stopped since {state['stoppedSince']} ({state['stopReason']}). "


def delivery_summary(state: dict[str, Any]) -> str:
    """Return the state of deliveries as a sentence."""
    limit = state["countedTo"]
    waiting, dead = (f"{number}{'+' if number == limit else ''}" for number in (state["waiting"], state["deadLetters"]))
    since = f" since {state['since']}" if state["since"] else ""
    reason = f" ({state['reason']})" if state["reason"] else ""
    counts = f"{counted(waiting, 'waiting change')}, {counted(dead, 'dead letter')}"
    return f"{stop_summary(state)}Deliveries are {state['state']}{since}{reason}; {counts}{_retried(state)}."


def _retried(state: dict[str, Any]) -> str:
    """Return what is retried; nothing for a relay of an earlier version, which does not say it."""
    if not state.get("retried"):
        return ""
    late = ", more than ten minutes late" if state["late"] else ""
    more = "+" if state["retried"] == state["countedTo"] else ""
    return f"; {state['retried']}{more} retried since {state['retriedSince']}{late}"


def _operate(relay: RelayClient, out: Output, operation: str, reason: str) -> int:
    state = relay.call("POST", f"/relay/{operation}", {"reason": reason})
    out.data(state)
    out.line(delivery_summary(state))
    return OK


def _selection(options: Namespace) -> dict[str, Any]:
    given = (("watch", options.watch), ("from", options.since), ("to", options.before))
    narrowed = {name: value for name, value in given if value}
    selections = [choice for choice in (options.all, options.ids, narrowed) if choice]
    if len(selections) != 1:
        raise UsageError("Exactly one selection is required", "Give --all, or --id, or --watch, --from and --to.")
    return {"all": True} if options.all else {"ids": options.ids} if options.ids else narrowed
