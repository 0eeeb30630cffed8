"""Crash points are recognised by the requests to storage and to the partner."""

import base64

import pytest

from tests.chaos.crash_points import CRASH_POINTS, PROXY_POINTS, READ, Resyncs
from tests.chaos.http1 import Message
from tests.chaos.proxy import Exchange

QUEUE = "/sandbox/calendar-changes/messages"
WAITS = f"POST {QUEUE}?visibilitytimeout=0&messagettl=-1"
FULL = b"<QueueMessage><MessageId>1</MessageId></QueueMessage>"
CLAIMED = b'{"told": "x", "claimed_until": "2026-11-20T10:00:00+00:00"}'
RECORDED = b'{"told": "x", "claimed_until": ""}'
RELEASED = b'{"told": "", "claimed_until": ""}'
ROW = "PUT /sandbox/ledger(PartitionKey='a',RowKey='b')"
BATCH = b"POST http://127.0.0.1/sandbox/ledger() HTTP/1.1\r\n\r\n"

EXCHANGES = {
    "received": (f"POST {QUEUE}", b"", 0, b""),
    "queued": (f"POST {QUEUE}", b"", 201, b""),
    "leased": (f"GET {QUEUE}?numofmessages=16", b"", 200, FULL),
    "signed": ("POST /webhook", b"{}", 0, b""),
    "sent": ("POST /webhook", b"{}", 204, b""),
    "recorded": (ROW, RECORDED, 204, b""),
}
OTHERS = {
    "received": [(WAITS, b"", 0, b""), ("POST /sandbox/mailbox-repairs/messages", b"", 0, b""),
                 (f"GET {QUEUE}", b"", 0, b"")],
    "queued": [(f"POST {QUEUE}", b"", 503, b""), (WAITS, b"", 201, b"")],
    "leased": [(f"GET {QUEUE}", b"", 200, b"<QueueMessagesList/>"), (f"GET {QUEUE}", b"", 503, b"")],
    "sent": [("POST /webhook", b"{}", 500, b"")],
    "recorded": [(ROW, CLAIMED, 204, b""), (ROW, RECORDED, 412, b""), (ROW, RELEASED, 204, b""),
                 ("PUT /sandbox/watches(1)", RECORDED, 204, b"")],
}  # fmt: skip


def _exchange(line: str, body: bytes, status: int, answer: bytes) -> Exchange:
    request = Message(f"{line} HTTP/1.1\r\n\r\n".encode(), body, body)
    response = Message(f"HTTP/1.1 {status} X\r\n\r\n".encode(), answer, answer) if status else None
    return Exchange("any", request, response)


def test_every_step_has_its_crash_point() -> None:
    """The list has the points that a proxy holds, the point that a fault holds, and a random one."""
    assert set(CRASH_POINTS) == {*PROXY_POINTS, READ, "any"}
    assert set(EXCHANGES) == set(PROXY_POINTS)


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_crash_point_is_recognised(name: str) -> None:
    """A point is recognised by its request and, once the step is done, by the response."""
    assert PROXY_POINTS[name].matches(_exchange(*EXCHANGES[name]))


def test_a_batch_of_the_ledger_is_recognised() -> None:
    """A batch names its table in the body."""
    batch = ("POST /sandbox/$batch", BATCH + RECORDED, 202, b"")
    assert PROXY_POINTS["recorded"].matches(_exchange(*batch))


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, others in OTHERS.items() for other in others])
def test_no_other_exchange_is_taken_for_a_crash_point(name: str, other: tuple[str, bytes, int, bytes]) -> None:
    """Other queues, put-backs, refusals, claims and other tables do not match."""
    assert not PROXY_POINTS[name].matches(_exchange(*other))


def test_resyncs_are_counted() -> None:
    """Only the jobs that would find a lost change are counted, by watch."""
    resyncs = Resyncs()
    jobs, work = "mailbox-repairs", "subscription-work"
    queued = ((jobs, "resync-full"), (jobs, "drain"), (jobs, "missed"), (work, "resync"), (work, "run"),
              ("calendar-changes", "resync"))  # fmt: skip
    for queue, kind in queued:
        text = base64.b64encode(f'{{"v":1,"repairs":[{{"watch":"{kind} 1","kind":"{kind}"}}]}}'.encode())
        body = b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"
        resyncs.observe(_exchange(f"POST /sandbox/{queue}/messages?visibilitytimeout=0", body, 0, b""))
    assert resyncs.of == {"resync-full 1": 1, "missed 1": 1, "resync 1": 1}
