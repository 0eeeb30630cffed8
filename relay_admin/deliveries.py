"""Commands about what leaves for the partner."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from relay_admin.errors import WELL, WRONG, Misused
from relay_admin.output import Output, counted
from relay_admin.relay import Relay

LOOK_EVERY = 1.0  # seconds


def dead_letters(relay: Relay, out: Output, asked: Namespace) -> int:
    """List dead letters; any make the end WRONG, because a person has to look at them."""
    given = {"from": asked.since, "to": asked.before, "reason": asked.reason}
    found = list(relay.pages("/dead-letters", **{name: value for name, value in given.items() if value}))
    out.data({"value": found})
    names = ("died", "reason", "status", "attempts", "subscriptionId", "id")
    heads = ("died", "reason", "answer", "tries", "watch", "id")
    out.table(heads, (["" if one[name] is None else one[name] for name in names] for one in found))
    out.line(counted(len(found), "dead letter") + (". Once their reason is put right: replay --all" if found else ""))
    return WRONG if found else WELL


def replay(relay: Relay, out: Output, asked: Namespace) -> int:
    """Deliver a selection anew, and wait until all of it is on its way."""
    standing = relay.call("GET", "/relay")["deadLetters"]
    progress_of = relay.call("POST", "/dead-letters/replay", _selection(asked))
    deadline = time.monotonic() + asked.wait
    with out.progress() as progress:
        bar = progress.add_task("Replaying", total=len(asked.ids) if asked.ids else standing)
        while not progress_of["done"] and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            progress_of = relay.call("GET", f"/dead-letters/replays/{progress_of['id']}")
            progress.update(bar, completed=progress_of["queued"])
    out.data(progress_of)
    end = "All are on their way" if progress_of["done"] else f"Not all yet: {progress_of['link']} tells how far it is"
    out.line(f"Queued anew: {counted(progress_of['queued'], 'change')}. {end}.")
    return WELL if progress_of["done"] or not asked.wait else WRONG


def pause(relay: Relay, out: Output, asked: Namespace) -> int:
    """Let nothing leave."""
    return _operated(relay, out, "pause", asked.reason)


def resume(relay: Relay, out: Output, asked: Namespace) -> int:
    """Let everything leave."""
    return _operated(relay, out, "resume", asked.reason)


def in_words(state: dict[str, Any]) -> str:
    """Return how deliveries stand."""
    most = state["countedTo"]
    waiting, dead = (f"{number}{'+' if number == most else ''}" for number in (state["waiting"], state["deadLetters"]))
    since = f" since {state['since']}" if state["since"] else ""
    why = f" ({state['reason']})" if state["reason"] else ""
    waits = f"{counted(waiting, 'waiting change')}, {counted(dead, 'dead letter')}"
    return f"Deliveries are {state['state']}{since}{why}; {waits}."


def _operated(relay: Relay, out: Output, operation: str, reason: str) -> int:
    state = relay.call("POST", f"/relay/{operation}", {"reason": reason})
    out.data(state)
    out.line(in_words(state))
    return WELL


def _selection(asked: Namespace) -> dict[str, Any]:
    times = {name: value for name, value in (("from", asked.since), ("to", asked.before)) if value}
    given = [one for one in (asked.all, asked.ids, times) if one]
    if len(given) != 1:
        raise Misused("Nothing to replay, or too much", "Give --all, or --id, or --from and --to.")
    return {"all": True} if asked.all else {"ids": asked.ids} if asked.ids else times
