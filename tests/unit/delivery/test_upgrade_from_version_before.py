"""An upgrade from the version before fingerprints: what it owes is delivered under its ids, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.graph.client_state import Key
from shared.reliability.dead_letters import parse_selection
from tests.fixtures.before_fingerprints.load import (
    NOW,
    content_of,
    last_post,
    message_of,
    open_posts,
    states_at_partner,
    texts_of,
)
from tests.support.partner_states import last_states, received
from tests.support.version_run import VersionRun
from tests.support.world import OLD, WATCH_ID

CALENDAR = {line["id"]: line for line in content_of("calendar")}
# What has work left. E-told and O-2 have only a notification that brings nothing new.
OPEN = {*open_posts(), *(row["event_id"] for row in content_of("rows")["parked"])} | {
    name for text in texts_of("changes") for name in CALENDAR if f'"{name}"' in text
}  # fmt: skip
DELIVERED = sorted(
    name for name, state in states_at_partner().items()
    if name not in OPEN and CALENDAR.get(name, {}).get("etag") == state
)  # fmt: skip
NEW = Key("v2", b"a new secret of the relay", datetime(2026, 11, 20, 10, tzinfo=UTC))
Start = Callable[..., VersionRun]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return what starts the relay in memory on the fixture, with changes of the case; deliveries are flowing."""
    runs: list[VersionRun] = []

    def started(**changes: Any) -> VersionRun:
        case = {"now": NOW.isoformat(), "rows": content_of("rows"), "calendar": content_of("calendar")}
        runs.append(VersionRun(case | changes))
        runs[-1].world.pause.resume("a test", "tester")
        return runs[-1]

    yield started
    for run in runs:
        run.world.end()


def quiet(start: Start) -> VersionRun:
    """Start with the events that are delivered and have no work left, and no others; no message, nothing parked."""
    rows = content_of("rows")
    others = [row for row in rows["ledger"] if row["event_id"] not in OPEN]
    ledger = [row for row in others if row["event_id"] in DELIVERED or row["told"].startswith(("deleted", "series"))]
    calendar = [line for name, line in CALENDAR.items() if name in DELIVERED or line.get("type") == "seriesMaster"]
    run = start(rows=rows | {"ledger": ledger, "parked": []}, calendar=calendar)
    run.world.jobs.take_jobs()
    return run


def changed(run: VersionRun, **changes: Any) -> None:
    """Give every delivered event a new etag, and these changes."""
    for name in DELIVERED:
        event = run.calendar.by_id[name]
        assert isinstance(event, dict)
        event |= {"@odata.etag": event["@odata.etag"].replace('W/"', 'W/"newer-')} | changes


def posted(run: VersionRun) -> list[tuple[str, str]]:
    """Return the type and event of each POST."""
    bodies = [post["body"] for post in run.partner.posts]
    return [(body["type"].rpartition(".")[2], body["data"]["event"]["id"]) for body in bodies]


def upgraded(start: Start) -> VersionRun:
    """Start with all messages, drain what is parked, replay all dead letters, and run until nothing is left."""
    run = start(changes=texts_of("changes"))
    run.world.pass_by(1)
    run.world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    run.run(hours=48)
    return run


def test_an_open_delivery_keeps_its_id(start: Start) -> None:
    """Also what was parked or had become a dead letter, and what a killed worker had delivered.

    Not what the partner had acknowledged before: its row is that of an event that returned after an unknown deletion.
    """
    run = upgraded(start)
    first: dict[str, str] = {}
    for post in run.partner.posts:
        first.setdefault(post["body"]["data"]["event"]["id"], post["webhook_id"])
    acknowledged = {post["webhook_id"] for post in content_of("partner") if post["answer"] == 204}
    owed = {name: post for name, post in open_posts().items() if post["webhook_id"] not in acknowledged}
    assert len(owed) == len(open_posts()) - 1 > 15
    assert {name: first.get(name) for name in owed} == {name: post["webhook_id"] for name, post in owed.items()}


def test_the_partner_ends_with_the_last_state_of_the_calendar(start: Start) -> None:
    """Each event that is owed, parked, dead or notified arrives; no message is left, and a resync brings no more."""
    run = upgraded(start)
    assert received(run.partner.posts) == last_states()
    number = len(run.partner.posts)
    run.start("resync", WATCH_ID)
    run.run()
    assert len(run.partner.posts) == number
    left = run.left()
    assert (left["changes"], left["jobs"]) == ([], [])
    assert [row["event_id"] for row in left["rows"]["parked"] if row["reason"] != "unreadable-message"] == []


def test_each_job_is_done(start: Start) -> None:
    """With all changes beside them: the last states arrive, and only the job of a later version is left."""
    run = start(changes=texts_of("changes"), jobs=texts_of("jobs"))
    run.run(hours=26)
    left = run.left()
    assert received(run.partner.posts) == last_states()
    assert (left["changes"], len(left["jobs"]), "of-a-later-version" in left["jobs"][0]) == ([], 1, True)
    assert [row["reason"] for row in left["rows"]["parked"]] == ["unreadable-message"]


def test_a_timestamp_is_later_than_those_of_the_version_before(start: Start) -> None:
    """So a receiver that compares them takes the newer state."""
    run = upgraded(start)
    before = {post["event"]: post["timestamp"] for post in content_of("partner")}
    for post in run.partner.posts:
        name, timestamp = post["body"]["data"]["event"]["id"], post["body"]["timestamp"]
        assert timestamp > before.get(name, "")
        before[name] = timestamp


def test_unchanged_events_are_not_delivered_again(start: Start) -> None:
    """A whole resync after the upgrade makes no delivery."""
    run = quiet(start)
    assert len(DELIVERED) >= 6
    run.start("resync", WATCH_ID)
    run.run()
    assert run.partner.posts == []


def test_fingerprints_are_learnt_in_silence(start: Start) -> None:
    """A hint of an unchanged event makes no delivery; from then on only a change that the partner can see does."""
    run = quiet(start)
    hint(run)
    assert run.partner.posts == []
    assert all(run.world.ledger_rows.rows[key]["fingerprint"] for key in keys(run))
    changed(run)
    hint(run)
    run.start("resync", WATCH_ID)
    run.run()
    assert run.partner.posts == []
    changed(run, subject="Another title")
    hint(run)
    assert sorted(posted(run)) == [("updated", name) for name in DELIVERED]


def test_another_state_is_delivered_once(start: Start) -> None:
    """Without a fingerprint the etag decides: the event is delivered, and not again."""
    run = quiet(start)
    changed(run)
    for _ in range(2):
        run.start("resync", WATCH_ID)
        hint(run)
    assert sorted(posted(run)) == [("updated", name) for name in DELIVERED]


def test_a_rotation_of_the_fingerprints_key_delivers_nothing(start: Start) -> None:
    """The new key signs, the earlier one still compares; once it is retired, the etag decides."""
    run = quiet(start)
    hint(run)
    run.world.keys = [NEW, OLD]
    changed(run)
    hint(run)
    run.world.keys = [NEW]
    run.start("resync", WATCH_ID)
    hint(run)
    assert run.partner.posts == []
    assert {run.world.ledger_rows.rows[key]["fingerprint"].partition(":")[0] for key in keys(run)} == {"v2"}
    changed(run)
    hint(run)
    assert run.partner.posts == []


def hint(run: VersionRun) -> None:
    """Notify a change of each delivered event, and run until nothing is left."""
    run.world.pass_by(60)
    texts = (message_of("E-put-back").replace("E-put-back", name) for name in DELIVERED)
    for text in texts:
        moment = run.world.time.isoformat()
        run.put("changes", text.replace('"attempt":2', '"attempt":0').replace(hinted_in(text), moment))
    run.run()


def hinted_in(text: str) -> str:
    """Return the moment of a message."""
    return text.partition('"hinted":"')[2].partition('"')[0]


def keys(run: VersionRun) -> list[tuple[str, str]]:
    """Return the keys of the delivered events' rows."""
    return [key for key, row in run.world.ledger_rows.rows.items() if row["event_id"] in DELIVERED]


@pytest.mark.parametrize("name", ["E-owed", "E-owed-twice", "E-killed-new", "E-dead", "E-gave-up", "E-owed-changed"])
def test_an_open_delivery_of_an_event_that_is_gone_ends_in_a_deletion(start: Start, name: str) -> None:
    """The response of the last try may have been lost: if the event is gone meanwhile, its deletion is delivered."""
    run = start(calendar=[line for line in content_of("calendar") if line["id"] != name])
    text = message_of("E-fresh-deleted").replace("E-fresh-deleted", name)
    run.put("changes", text)
    run.run()
    assert [each for each in posted(run) if each[1] == name] == [("deleted", name)]


@pytest.mark.parametrize("name", ["E-owed-deletion", "E-killed-deletion"])
def test_an_event_that_returns_after_an_open_deletion_is_delivered_again(start: Start, name: str) -> None:
    """The partner may have taken the deletion; the state that it had before arrives under an id that is new to it."""
    earlier = [post for post in content_of("partner") if post["event"] == name and post["type"] != "deleted"]
    run = start(calendar=[*content_of("calendar"), {"id": name, "etag": earlier[-1]["state"]}])
    run.put("changes", message_of(name))
    run.run()
    (post,) = [post for post in run.partner.posts if post["body"]["data"]["event"]["id"] == name]
    assert post["body"]["data"]["event"]["title"] == earlier[-1]["state"]
    assert post["webhook_id"] not in {each["webhook_id"] for each in content_of("partner")}
    assert last_post(name)["type"] == "deleted"
