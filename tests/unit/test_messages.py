"""Messages on the relay's queues: splitting loses nothing, and they have only ids."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.messages import (
    JOB_KINDS,
    WORK_KINDS,
    BadMessage,
    Change,
    ChangeMessage,
    Job,
    read_changes,
    read_jobs,
    write_changes,
    write_jobs,
)

HINTED = datetime(2026, 11, 20, 10, 0, 0, 123_456, tzinfo=UTC)
GOOD = '{"v":1,"hinted":"2026-11-20T10:00:00+00:00","attempt":0,"retry":"","changes":[]}'
JOB = '{"v":1,"repairs":[{"watch":"w","kind":"k","subscription":"s"%s}]}'


def test_a_message_is_exactly_this_json() -> None:
    """It is version 1, which later versions must read, too."""
    message = ChangeMessage(HINTED, (Change("w", "u", "e"), Change("w", "u", "f", deleted=True)), 2, "r")
    assert list(write_changes(message)) == [
        '{"v":1,"hinted":"2026-11-20T10:00:00.123456+00:00","attempt":2,"retry":"r","changes":['
        '{"watch":"w","user":"u","event":"e"},{"watch":"w","user":"u","event":"f","deleted":true}]}'
    ]
    assert list(write_jobs([Job("w", "missed", "s")])) == [
        '{"v":1,"repairs":[{"watch":"w","kind":"missed","subscription":"s","attempt":0}]}'
    ]


def test_a_job_with_moments_is_exactly_this_json() -> None:
    """Earlier versions ignore the new keys, and do not find them in the jobs that they wrote themselves."""
    job = Job("", "audit", at=HINTED, since=HINTED, seen='W/"1"', later={"page": [1]})
    [text] = write_jobs([job])
    assert json.loads(text)["repairs"] == [
        {"watch": "", "kind": "audit", "subscription": "", "attempt": 0, "at": "2026-11-20T10:00:00.123456+00:00",
         "since": "2026-11-20T10:00:00.123456+00:00", "seen": 'W/"1"', "page": [1]}
    ]  # fmt: skip
    assert read_jobs(text) == [job]


def test_a_job_of_an_earlier_version_has_no_moments() -> None:
    """Nor one whose moments are null."""
    for more in ("", ',"at":null,"since":null,"seen":null'):
        assert read_jobs(JOB % more) == [Job("w", "k", "s", 0, None, None, "", {})]


def test_the_kinds_are_these() -> None:
    """The second queue has kinds of its own, which versions that do not read it never get."""
    assert sorted(WORK_KINDS) == ["audit", "backlog", "cleanup", "lookup", "retries", "run", "second-resync", "sweep"]
    assert sorted(JOB_KINDS - WORK_KINDS) == [
        "drain", "missed", "probe", "reauthorizationRequired", "reconcile", "replay", "resync", "resync-full",
        "subscriptionRemoved",
    ]  # fmt: skip


def test_a_message_has_no_key_named_id() -> None:
    """The host would use it as the id of the queue message."""
    [text] = write_changes(ChangeMessage(HINTED, (Change("w", "u", "e"),)))
    assert "id" not in json.loads(text) | json.loads(text)["changes"][0]


@pytest.mark.parametrize("number", [0, 1, 2, 100, 1_000, 5_000])
def test_every_change_is_in_a_single_message(number: int) -> None:
    """The order and the head stay, and each message fits on a queue, base64 included."""
    changes = tuple(Change("0" * 32, "1" * 36, f"{one:0152d}", deleted=one % 2 == 0) for one in range(number))
    texts = list(write_changes(ChangeMessage(HINTED, changes, 3, "r")))
    read = [read_changes(text) for text in texts]
    assert tuple(change for message in read for change in message.changes) == changes
    assert all((message.notified_at, message.attempt, message.retry_token) == (HINTED, 3, "r") for message in read)
    assert all(len(base64.b64encode(text.encode())) <= 65_536 for text in texts)
    assert len(texts) <= number * 260 / 44_000 + 1


def test_the_longest_ids_fit() -> None:
    """An id of a kilobyte, with characters that JSON escapes."""
    changes = tuple(Change("w" * 32, "u" * 1024, "\ud800" * 1024) for _ in range(20))
    texts = list(write_changes(ChangeMessage(HINTED, changes)))
    assert all(text.isascii() and len(text) <= 45_000 for text in texts)
    assert sum(len(read_changes(text).changes) for text in texts) == 20


def test_jobs_are_split_the_same_way() -> None:
    """A thousand lifecycle events of a single POST."""
    repairs = [Job(f"{one:032d}", "subscriptionRemoved", f"{one:036d}") for one in range(1_000)]
    texts = list(write_jobs(repairs))
    assert [repair for text in texts for repair in read_jobs(text)] == repairs
    assert len(texts) > 1
    assert list(write_jobs([])) == []


@pytest.mark.parametrize(
    "text",
    ["", "x", "null", "[]", "{}", "1", '{"v":2}', '{"v":1}', GOOD.replace('"v":1', '"v":2'), GOOD[:-1], GOOD + "x",
     GOOD.replace("2026-11-20T10:00:00+00:00", "soon"), GOOD.replace('"attempt":0', '"attempt":null'),
     GOOD.replace('"attempt":0', '"attempt":NaN'), GOOD.replace("[]", "null"), GOOD.replace("[]", "[1]"),
     GOOD.replace("[]", "[{}]"), GOOD.replace("[]", '["x"]'), GOOD.replace("[]", '[{"watch":"w","user":"u"}]'),
     GOOD.replace('"hinted":', '"hunted":'), GOOD.replace("[]", '{"a":1}')],
)  # fmt: skip
def test_an_invalid_message_is_a_bad_message(text: str) -> None:
    """Garbage, an unknown version or a missing field raises BadMessage."""
    with pytest.raises(BadMessage):
        read_changes(text)


@pytest.mark.parametrize(
    "text", [GOOD.replace('"attempt":0', '"attempt":1e999'), "[" * 100_000, GOOD.replace("+00:00", "")]
)  # fmt: skip
def test_a_hostile_message_raises_only_bad_message(text: str) -> None:
    """Callers expect no other exception."""
    with pytest.raises(BadMessage):
        read_changes(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", '{"v":1}', '{"v":1,"repairs":[1]}', '{"v":1,"repairs":[{"watch":"w"}]}', JOB % ',"at":1',
     JOB % ',"since":"soon"', JOB % ',"at":"2026-11-20T10:00:00"', JOB % ',"attempt":"x"'],
)  # fmt: skip
def test_an_invalid_message_of_jobs_is_a_bad_message(text: str) -> None:
    """Garbage, an unknown version or a missing field raises BadMessage."""
    with pytest.raises(BadMessage):
        read_jobs(text)


def test_unknown_keys_of_a_later_version_are_ignored() -> None:
    """A rollback with messages on the queues loses nothing."""
    assert read_changes(GOOD.replace('"v":1', '"v":1,"traceparent":"00-1"')).changes == ()
    assert read_jobs((JOB % "").replace('"v":1', '"v":1,"traceparent":"00-1"')) == [Job("w", "k", "s")]


def test_the_fields_of_a_later_version_stay_in_a_job() -> None:
    """One that this version puts back still says everything to the version that wrote it."""
    [job] = read_jobs(JOB % ',"place":{"page":2},"attempt":1')
    assert job == Job("w", "k", "s", 1, later={"place": {"page": 2}})
    [again] = read_jobs(next(write_jobs([replace(job, attempt=2, since=HINTED)])))
    assert again == Job("w", "k", "s", 2, since=HINTED, later={"place": {"page": 2}})
    assert len({job: 1, again: 2}) == 2
