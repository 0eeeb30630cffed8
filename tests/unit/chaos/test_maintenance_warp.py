"""The waits of the work on subscriptions are shortened in rows and in messages, and nothing else is changed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.http1 import Message
from tests.chaos.maintenance_warp import EARLIER, LATEST, with_short_job, with_short_waits

DELAYED = b"POST /sandbox/%s/messages?visibilitytimeout=3600&messagettl=-1 HTTP/1.1\r\nAuthorization: x\r\n\r\n"


def written(column: str, text: str) -> str:
    """Return what a column has after the change of a request that writes a text to it."""
    body = json.dumps({"state": "é", column: text}, ensure_ascii=False).encode()
    changed = with_short_waits(Message(b"PATCH / HTTP/1.1\r\n\r\n", body, body))
    assert len(changed.body) == len(body)
    return str(json.loads(changed.body)[column])


@pytest.mark.parametrize("column", EARLIER)
def test_a_moment_is_written_earlier_once(column: str) -> None:
    """A second write of the same moment leaves it."""
    now = datetime.now(UTC)
    first = written(column, now.isoformat())
    assert datetime.fromisoformat(first) == now - EARLIER[column]
    assert written(column, first) == first


@pytest.mark.parametrize("column", LATEST)
@pytest.mark.parametrize("form", ["seconds", "microseconds"])
def test_a_wait_ends_soon(column: str, form: str) -> None:
    """In the form in which it was written; one that ends sooner stays."""
    now = datetime.now(UTC)
    late = (now + timedelta(hours=4)).isoformat(timespec=form).replace("+00:00", "Z")
    assert datetime.fromisoformat(written(column, late)) <= datetime.now(UTC) + LATEST[column]
    assert written(column, late).endswith("Z")
    soon = (now + timedelta(seconds=1)).isoformat(timespec=form)
    assert written(column, soon) == soon


@pytest.mark.parametrize(("column", "text"), [("due_at", ""), ("expires", "2030-01-01T00:00:00Z"), ("id", "due_at")])
def test_other_columns_stay(column: str, text: str) -> None:
    """As do empty ones."""
    assert written(column, text) == text


@pytest.mark.parametrize(
    ("queue", "kind", "is_shortened"),
    [
        ("subscription-work", "lookup", True),
        ("mailbox-repairs", "resync", True),
        ("mailbox-repairs", "probe", False),
        ("other", "lookup", False),
    ],
)
def test_a_job_waits_no_longer_than_the_limit(queue: str, kind: str, is_shortened: bool) -> None:  # noqa: FBT001
    """Except a probe."""
    text = base64.b64encode(json.dumps({"v": 1, "repairs": [{"kind": kind}]}).encode())
    body = b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"
    changed = with_short_job(Message(DELAYED % queue.encode(), body, body), 8, "sandbox", "a2V5")
    assert ("visibilitytimeout=8" in changed.start[1]) is is_shortened
