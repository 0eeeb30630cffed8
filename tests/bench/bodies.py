"""What the scan of a body costs, and what it saves: ratios to parsing the same body."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from shared import bodies
from tests.bench.report import Row

ROUNDS = 9
LARGEST = 4 * 1024 * 1024
EVENT = "Users/6b9b63d5-3c2b-4b0e-8a7b-000000000001/Events/" + "A" * 152
NOTIFICATION = {
    "subscriptionId": "6b9b63d5-3c2b-4b0e-8a7b-000000000001", "changeType": "updated", "resource": EVENT,
    "subscriptionExpirationDateTime": "2026-11-27T00:00:00Z", "clientState": "x" * 123,
    "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": EVENT, "@odata.etag": 'W/"x"', "id": EVENT},
    "tenantId": "6b9b63d5-3c2b-4b0e-8a7b-000000000001",
}  # fmt: skip


def measure() -> Iterator[Row]:
    """Measure in this process; the rounds alternate, so that the machine is the same for both sides."""
    item = json.dumps(NOTIFICATION).encode()
    hundred, most = (b'{"value":[' + b",".join([item] * number) + b"]}" for number in (100, LARGEST // (len(item) + 1)))
    ones = b'{"value":[' + b"1," * (LARGEST // 2 - 10) + b"1]}"
    yield Row("scan over parsing, 100 notifications", _ratio(hundred), 0.5, lower=True)
    yield Row("scan over parsing, 4 MiB of notifications", _ratio(most), 2, lower=True)
    yield Row("scan over parsing, 4 MiB of 1,1,1 (which is refused)", _ratio(ones), 0.5, lower=True)
    yield Row("(scan of 4 MiB of 1,1,1 here)", _seconds(lambda: _scan(ones)) * 1_000, None, "ms")


def _ratio(body: bytes) -> float:
    rounds = [(_seconds(lambda: _scan(body)), _seconds(lambda: json.loads(body))) for _ in range(ROUNDS)]
    return statistics.median(scan / parse for scan, parse in rounds)


def _scan(body: bytes) -> None:
    with suppress(bodies.TooManyItems):
        bodies.check_items(body)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
