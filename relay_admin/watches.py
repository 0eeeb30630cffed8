"""Commands about what is watched."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from relay_admin.errors import WELL, WRONG, Misused, Refused
from relay_admin.output import Output, counted
from relay_admin.relay import Relay

AT_ONCE = 100  # mailboxes in one call
LOOK_EVERY = 2.0  # seconds


def watches(relay: Relay, out: Output, asked: Namespace) -> int:
    """List watches and room lists. Those that need a person make the end WRONG."""
    found = sorted(relay.pages("/subscriptions"), key=lambda one: str(one["mailbox"]))
    found = [one for one in found if asked.state in (None, one["state"])]
    lists = relay.call("GET", "/room-lists")["value"]
    out.data({"watches": found, "roomLists": lists})
    names = ("mailbox", "state", "expirationDateTime", "lastChangeSeen", "id")
    heads = ("mailbox", "state", "ends", "last change", "id")
    out.table(heads, ([_text(one, name) for name in names] for one in found))
    if lists:
        columns = ("roomList", "desired", "notAllowed", "checked", "lastError", "id")
        out.table(
            ("room list", "rooms", "not allowed", "checked", "what is wrong", "id"),
            ([_text(one, name) for name in columns] for one in lists),
        )
    for one in found:
        if one["lastError"]:
            out.line(f"{one['mailbox']} is {one['state']}: {one['lastError']}")
    out.line(counted(len(found), "watch", "watches"))
    return WRONG if any(one["state"] in ("refused", "gone") for one in found) else WELL


def watch(relay: Relay, out: Output, asked: Namespace) -> int:
    """Set mailboxes up, or a room list."""
    if bool(asked.mailboxes) == bool(asked.room_list):
        raise Misused("Nothing to watch, or too much", "Name mailboxes, or one --room-list.")
    if asked.room_list:
        return _watch_list(relay, out, asked.room_list, asked.wait)
    ends: list[dict[str, Any]] = []
    with out.progress() as progress:
        bar = progress.add_task("Setting up", total=len(asked.mailboxes))
        for start in range(0, len(asked.mailboxes), AT_ONCE):
            some = asked.mailboxes[start : start + AT_ONCE]
            ends += relay.call("POST", "/subscriptions", {"mailboxes": some})["value"]
            progress.advance(bar, len(some))
    out.data({"value": ends})
    out.table(("mailbox", "", "what"), ([one["mailbox"], one["status"] < 400, _end(one)] for one in ends))
    return WELL if all(one["status"] < 400 for one in ends) else WRONG


def unwatch(relay: Relay, out: Output, asked: Namespace) -> int:
    """Remove watches and room lists; what is not watched is as good."""
    lists = {one["roomList"]: one["id"] for one in relay.call("GET", "/room-lists")["value"]}
    known = {one["mailbox"]: one["id"] for one in relay.pages("/subscriptions")}
    ends = []
    for name in dict.fromkeys(name.lower() for name in asked.names):
        is_list = name in lists or name in lists.values()
        found = lists.get(name) or known.get(name) or (name if is_list or name in known.values() else None)
        if found:
            relay.call("DELETE", f"/{'room-lists' if is_list else 'subscriptions'}/{found}")
        ends.append({"name": name, "removed": found is not None})
    out.data({"value": ends})
    out.table(("name", "what"), ([one["name"], "removed" if one["removed"] else "was not watched"] for one in ends))
    return WELL


def resync(relay: Relay, out: Output, asked: Namespace) -> int:
    """Queue resyncs."""
    if bool(asked.names) == asked.all:
        raise Misused("Nothing to compare, or too much", "Name mailboxes or ids, or give --all.")
    chosen = _chosen(relay.pages("/subscriptions"), None if asked.all else asked.names)
    with out.progress() as progress:
        for one in progress.track(chosen, description="Queueing"):
            relay.call("POST", f"/subscriptions/{one['id']}/resync", {"full": asked.full})
    out.data({"queued": [one["id"] for one in chosen], "full": asked.full})
    out.line(f"Queued: {counted(len(chosen), 'resync')}. What differs reaches the partner within minutes.")
    return WELL


def _chosen(found: Iterable[dict[str, Any]], names: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the watches of these names, or all that the relay delivers. Raises Refused for a name that is none's."""
    standing = list(found)
    if names is None:
        return [one for one in standing if one["delivery"] == "relay"]
    by_name = {one[key]: one for one in standing for key in ("mailbox", "id")}
    if missing := [name for name in names if name.lower() not in by_name]:
        raise Refused(f"Not watched: {', '.join(missing)}", "The command watches lists what is.")
    return [by_name[name.lower()] for name in names]


def _watch_list(relay: Relay, out: Output, address: str, seconds: float) -> int:
    """Set a room list up, and wait until each of its rooms has its subscription, or cannot."""
    asked = relay.call("POST", "/subscriptions", {"roomList": address})
    deadline = time.monotonic() + seconds
    with out.progress() as progress:
        bar = progress.add_task("Rooms", total=None)
        while True:
            state = relay.call("GET", f"/room-lists/{asked['id']}")
            settled = sum(state[name] for name in ("live", "refused", "gone", "paused"))
            progress.update(bar, total=state["desired"] or None, completed=settled)
            if (state["checked"] and settled >= state["desired"]) or time.monotonic() >= deadline:
                break
            time.sleep(LOOK_EVERY)
    out.data(state)
    names = ("desired", "live", "pending", "refused", "gone", "paused", "notAllowed")
    out.table(names, [[state[name] for name in names]])
    if state["lastError"]:
        out.line(state["lastError"])
    bad = state["lastError"] or state["refused"] or state["gone"] or state["pending"] or not state["checked"]
    return WRONG if bad else WELL


def _text(one: dict[str, Any], name: str) -> object:
    return "" if one[name] is None else one[name]


def _end(one: dict[str, Any]) -> str:
    if one["status"] >= 400:
        return f"{one['title']}: {one['detail']}"
    return f"{'watched now' if one['status'] == 201 else 'was watched already'} ({one['subscription']['id']})"
