"""The time until a list of a thousand rooms is live, compared with the minimum by Graph's write limit."""

import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.stack import Stack
from tests.bench.report import Row

LIST = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(1000)]
ALLOWED_SECONDS = len(ROOMS) * 20 / 500  # "Throttling limits for the subscriptions APIs": 500 writes in 20 seconds
PATIENCE = 300.0


def measure(folder: Path) -> Iterator[Row]:
    """Start a separate stack in a folder, and watch the list there."""
    seed = {
        "settings": {"roomLists": {LIST: ROOMS}},
        "mailboxes": [{"address": room, "displayName": room, "kind": "room"} for room in ROOMS],
    }
    with Stack(folder, {"ALLOWED_MAILBOXES": f"roomlist:{LIST}"}, seed) as stack:
        roles = {"roles": ["Place.Read.All"]}
        stack.tenant.control("POST", f"/clients/{stack.seed['clients'][0]['clientId']}", roles)
        seconds = _until_live(stack)
        calls = stack.tenant.control("GET", "/calls")
    yield Row(
        "1,000 rooms live, over the time that the write limit dictates", seconds / ALLOWED_SECONDS, 1.5, lower=True
    )
    yield Row("creations of subscriptions per room", calls["POST /subscriptions"] / len(ROOMS), 1.0, lower=True)


def _until_live(stack: Stack) -> float:
    began = time.perf_counter()
    answer = stack.relay.call("POST", "/room-lists", json={"roomList": LIST})
    link = f"/room-lists/{answer.json()['id']}"
    while time.perf_counter() < began + PATIENCE:
        if stack.relay.call("GET", link).json()["live"] == len(ROOMS):
            return time.perf_counter() - began
        time.sleep(0.5)
    raise TimeoutError(f"not live within {PATIENCE:g} s: {stack.relay.call('GET', link).text}")
