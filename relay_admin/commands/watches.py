"""Commands about watches."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import FAILED, OK, Refused, UsageError
from relay_admin.output import Output, counted

BATCH_SIZE = 100  # mailboxes in one call
POLL_SECONDS = 2.0


def watches(relay: RelayClient, out: Output, options: Namespace) -> int:
    """List watches and room lists. If a watch needs a person, the exit code is FAILED."""
    listed = sorted(relay.pages("/subscriptions"), key=lambda item: str(item["mailbox"]))
    listed = [item for item in listed if options.state in (None, item["state"])]
    lists = relay.call("GET", "/room-lists")["value"]
    out.data({"watches": listed, "roomLists": lists})
    names = ("mailbox", "state", "expirationDateTime", "lastChangeSeen", "id")
    heads = ("mailbox", "state", "expires", "last change", "id")
    out.table(heads, ([_text(item, name) for name in names] for item in listed))
    if lists:
        columns = ("roomList", "desired", "notAllowed", "checked", "lastError", "id")
        out.table(
            ("room list", "rooms", "not allowed", "checked", "last error", "id"),
            ([_text(item, name) for name in columns] for item in lists),
        )
    for item in listed:
        if item["lastError"]:
            out.line(f"{item['mailbox']} is {item['state']}: {item['lastError']}")
    out.line(counted(len(listed), "watch", "watches"))
    return FAILED if any(item["state"] in ("refused", "gone") for item in listed) else OK


def watch(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Watch mailboxes, or a room list."""
    if bool(options.mailboxes) == bool(options.room_list):
        raise UsageError("Either mailboxes or a room list is required", "Name mailboxes, or one --room-list.")
    if options.room_list:
        return _watch_list(relay, out, options.room_list, options.wait)
    outcomes: list[dict[str, Any]] = []
    with out.progress() as progress:
        bar = progress.add_task("Setting up", total=len(options.mailboxes))
        for start in range(0, len(options.mailboxes), BATCH_SIZE):
            batch = options.mailboxes[start : start + BATCH_SIZE]
            outcomes += relay.call("POST", "/subscriptions/batch", {"mailboxes": batch})["value"]
            progress.advance(bar, len(batch))
    out.data({"value": outcomes})
    out.table(
        ("mailbox", "", "result"), ([item["mailbox"], item["status"] < 400, _outcome_text(item)] for item in outcomes)
    )
    return OK if all(item["status"] < 400 for item in outcomes) else FAILED


def unwatch(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Remove watches and room lists. Names that are not watched are reported, not an error."""
    lists = {item["roomList"]: item["id"] for item in relay.call("GET", "/room-lists")["value"]}
    existing = {item["mailbox"]: item["id"] for item in relay.pages("/subscriptions")}
    outcomes = []
    for name in dict.fromkeys(name.lower() for name in options.names):
        is_list = name in lists or name in lists.values()
        match = lists.get(name) or existing.get(name) or (name if is_list or name in existing.values() else None)
        if match:
            relay.call("DELETE", f"/{'room-lists' if is_list else 'subscriptions'}/{match}")
        outcomes.append({"name": name, "removed": match is not None})
    out.data({"value": outcomes})
    rows = ([item["name"], "removed" if item["removed"] else "was not watched"] for item in outcomes)
    out.table(("name", "result"), rows)
    return OK


def resync(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Queue resyncs."""
    if bool(options.names) == options.all:
        raise UsageError("Either names or --all is required", "Name mailboxes or ids, or give --all.")
    chosen = _chosen(relay.pages("/subscriptions"), None if options.all else options.names)
    with out.progress() as progress:
        for item in progress.track(chosen, description="Queueing"):
            relay.call("POST", f"/subscriptions/{item['id']}/resync", {"full": options.full})
    out.data({"queued": [item["id"] for item in chosen], "full": options.full})
    out.line(f"Queued: {counted(len(chosen), 'resync')}. The partner receives the differences within minutes.")
    return OK


def _chosen(listed: Iterable[dict[str, Any]], names: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the watches with these names, or all with relay delivery. Raises Refused for an unknown name."""
    existing = list(listed)
    if names is None:
        return [item for item in existing if item["delivery"] == "relay"]
    by_name = {item[key]: item for item in existing for key in ("mailbox", "id")}
    if missing := [name for name in names if name.lower() not in by_name]:
        raise Refused(f"Not watched: {', '.join(missing)}", "The command watches lists the watches.")
    return [by_name[name.lower()] for name in names]


def _watch_list(relay: RelayClient, out: Output, address: str, seconds: float) -> int:
    """Watch a room list, and wait until each of its rooms has a subscription or has failed."""
    room_list = relay.call("POST", "/room-lists", {"roomList": address})
    deadline = time.monotonic() + seconds
    with out.progress() as progress:
        bar = progress.add_task("Rooms", total=None)
        while True:
            state = relay.call("GET", f"/room-lists/{room_list['id']}")
            finished = sum(state[name] for name in ("live", "refused", "gone", "paused"))
            progress.update(bar, total=state["desired"] or None, completed=finished)
            if (state["checked"] and finished >= state["desired"]) or time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS)
    out.data(state)
    names = ("desired", "live", "pending", "refused", "gone", "paused", "notAllowed")
    out.table(names, [[state[name] for name in names]])
    if state["lastError"]:
        out.line(state["lastError"])
    bad = state["lastError"] or state["refused"] or state["gone"] or state["pending"] or not state["checked"]
    return FAILED if bad else OK


def _text(item: dict[str, Any], name: str) -> object:
    return "" if item[name] is None else item[name]


def _outcome_text(item: dict[str, Any]) -> str:
    if item["status"] >= 400:
        return f"{item['title']}: {item['detail']}"
    return f"{'now watched' if item['status'] == 201 else 'already watched'} ({item['subscription']['id']})"
