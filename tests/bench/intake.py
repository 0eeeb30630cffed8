"""The receiver compared with functions that do nothing, in one host: rate, slowest responses, many notifications a
POST.
"""

import json
import statistics
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from sandbox.process import ROOT, Process
from sandbox.stack import Stack
from shared.bootstrap.app import App
from shared.graph import client_state
from tests.bench.load import Load, post
from tests.bench.report import Row

ROUNDS = 5
SECONDS = 1.5


def measure(stack: Stack) -> Iterator[Row]:
    """Measure in short alternating runs, so that the machine is the same for both sides."""
    # Without TLS: it would cost both sides the same and hide the difference.
    arguments = ["--app", str(ROOT / "tests" / "bench" / "app")]
    bodies = _bodies(stack)
    # In Azure the host writes the message, outside of the Python worker. Azurite takes ten times as long as the
    # function itself and would hide it, so the ratios use outputs that are checked but not stored.
    with closing(Process("sandbox.host", [*arguments, "--no-storage"], stack.folder / "bench.log", stack.env)) as host:
        yield from _ratios(host.ready["url"], bodies)
        yield Row("peak memory of the host that receives", host.cpu_and_memory()[1], None, "MiB")
    with closing(Process("sandbox.host", arguments, stack.folder / "bench.log", stack.env)) as host:
        yield from _with_storage(host.ready["url"], bodies)


def _ratios(url: str, bodies: dict[int, bytes]) -> Iterator[Row]:
    receiver = f"{url}/api/notifications"
    noop, single, hundred = _alternated([(f"{url}/api/noop", 1), (receiver, 1), (receiver, 100)], bodies)
    yield Row("accepted/s, receiver over a no-op", _ratio(single, noop), 0.6)
    yield Row("p99, receiver over a no-op", _p99(single) / _p99(noop), 1.6, lower=True)
    yield Row("notifications/s, 100 in a POST over 1 in a POST", 100 * _ratio(hundred, single), 15)
    yield Row("(accepted/s of the receiver here)", _median(single), None, "/s")


def _with_storage(url: str, bodies: dict[int, bytes]) -> Iterator[Row]:
    noop, single = _alternated([(f"{url}/api/noop-with-queue", 1), (f"{url}/api/notifications", 1)], bodies)
    yield Row("accepted/s with Azurite, receiver over a no-op that writes", _ratio(single, noop), None)
    yield Row("(accepted/s with Azurite here)", _median(single), None, "/s")


def _alternated(sides: list[tuple[str, int]], bodies: dict[int, bytes]) -> list[tuple[Load, ...]]:
    """Post to each side in turn, ROUNDS times; return the loads of each side."""
    rounds = [[post(address, bodies[size], seconds=SECONDS) for address, size in sides] for _ in range(ROUNDS)]
    if any(load.accepted != load.answers for round_ in rounds for load in round_):
        raise RuntimeError("not every request was accepted: the figures would mean nothing")
    return list(zip(*rounds, strict=True))


def _ratio(ours: tuple[Load, ...], others: tuple[Load, ...]) -> float:
    return statistics.median(a.per_second / b.per_second for a, b in zip(ours, others, strict=True))


def _median(loads: tuple[Load, ...]) -> float:
    return statistics.median(load.per_second for load in loads)


def _p99(loads: tuple[Load, ...]) -> float:
    return statistics.median(load.percentile(0.99) for load in loads)


def _bodies(stack: Stack) -> dict[int, bytes]:
    """Return a POST with one notification, and one with a hundred, correctly signed, for an unknown watch."""
    relay = App(stack.env)
    key = client_state.signing_key(relay.client_state_keys(), datetime.now(UTC))
    state = client_state.sign(uuid.uuid4().hex, key, "relay", client_state.new_nonce())
    return {size: _body([_item(state, stack.settings["TENANT_ID"], n) for n in range(size)]) for size in (1, 100)}


def _body(items: list[dict[str, object]]) -> bytes:
    return json.dumps({"value": items}).encode()


def _item(state: str, tenant: str, number: int) -> dict[str, object]:
    event, resource = f"AAMkAG{number:0140d}=", f"Users/{uuid.uuid4()}/Events/AAMkAG{number:0140d}="
    return {
        "subscriptionId": str(uuid.uuid4()),
        "subscriptionExpirationDateTime": "2026-11-27T00:00:00Z",
        "changeType": "updated",
        "resource": resource,
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "id": event},
        "clientState": state,
        "tenantId": tenant,
    }
