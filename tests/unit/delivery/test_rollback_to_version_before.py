"""A rollback: the version before fingerprints continues with what the present version stored, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.storage.ledger_entry import Entry
from shared.storage.table import columns_of
from tests.fixtures.before_fingerprints.load import COMMIT, NOW, content_of, message_of, texts_of
from tests.support.partner_states import last_states, received
from tests.support.rolled_back import EarlierVersion
from tests.support.version_run import VersionRun
from tests.support.world import WATCH_ID

CALENDAR = content_of("calendar")
FIRST = {"now": NOW.isoformat(), "rows": content_of("rows"), "calendar": CALENDAR, "changes": texts_of("changes")}
RESYNC = json.dumps({"v": 1, "repairs": [{"watch": WATCH_ID, "kind": "resync", "subscription": "", "attempt": 0}]})
Case = dict[str, Any]
Present = Callable[[Case, float], Case]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> EarlierVersion:
    """Return the version before fingerprints."""
    return EarlierVersion(COMMIT, tmp_path_factory.mktemp("before"))


@pytest.fixture
def present() -> Iterator[Present]:
    """Return what runs the present version on a case for some hours, with deliveries resumed."""
    runs: list[VersionRun] = []

    def ran(case: Case, hours: float) -> Case:
        runs.append(VersionRun(case))
        runs[-1].world.pause.resume("a test", "tester")
        runs[-1].run(hours)
        return runs[-1].left()

    yield ran
    for run in runs:
        run.world.end()


def is_readable(left: Case) -> bool:
    """Return whether only the fixture's message that no version can read became an unreadable dead letter."""
    return [row["reason"] for row in left["rows"]["parked"]].count("unreadable-message") == 1


@pytest.mark.parametrize(
    ("partner", "hours"),
    [
        ({"refused": {"*": 503}}, 0.05), ({"refused": {"*": 503}}, 3), ({"refused": {"*": 410}}, 1),
        ({"lost": [line["id"] for line in CALENDAR]}, 0.05), ({"lost": ["O-owed", "E-parked-told"]}, 24),
    ],
    ids=["refused, in retries", "refused, parked", "gone", "taken without an answer", "two without an answer"],
)  # fmt: skip
def test_open_deliveries_of_the_present_version_are_completed(
    before: EarlierVersion, present: Present, partner: Case, hours: float
) -> None:
    """Whether it was refused, parked, or taken without an answer."""
    left = present(FIRST | partner, hours)
    rolled_back = before.run(left | {"calendar": CALENDAR, "resume": True, "hours": 200})
    assert (rolled_back["changes"], rolled_back["jobs"]) == ([], [])
    dead = {row["event_id"] for row in left["rows"]["parked"] if row["PartitionKey"] == "dead"}
    assert dead == {row["event_id"] for row in content_of("rows")["parked"] if row["PartitionKey"] == "dead"}
    expected = {name: state for name, state in last_states().items() if name not in dead}
    states = received([*left["posts"], *rolled_back["posts"]])
    assert {name: state for name, state in states.items() if name not in dead} == expected
    assert is_readable(rolled_back)


def test_what_the_present_version_delivered_is_not_delivered_again(before: EarlierVersion, present: Present) -> None:
    """A whole resync of the earlier version makes no delivery, and neither does one of the present version then."""
    left = present(FIRST, 24)
    again = before.run(left | {"calendar": CALENDAR, "jobs": [RESYNC]})
    dead = {row["event_id"] for row in left["rows"]["parked"]}
    assert {post["body"]["data"]["event"]["id"] for post in again["posts"]} <= dead
    assert present(again | {"calendar": CALENDAR, "jobs": [RESYNC]}, 1)["posts"] == []


def test_a_message_with_each_new_key_is_read(before: EarlierVersion) -> None:
    """The earlier version ignores what it does not know."""
    known = json.loads(message_of("E-fresh"))
    change = known["changes"][0] | {"series": "S-weekly", "hinted": known["hinted"], "again404": True}
    change |= {"first": known["hinted"], "missing": True}
    message = known | {"origin": "backfill", "yields": True, "changes": [change]}
    left = before.run(FIRST | {"changes": [json.dumps(message)], "resume": True})
    posts = [post["body"]["data"]["event"]["id"] for post in left["posts"]]
    assert posts.count("E-fresh") == 1
    assert is_readable(left)


def test_a_row_with_each_column_filled_is_read(before: EarlierVersion) -> None:
    """Columns that the earlier version does not know do not change what it does: the new state arrives once."""
    (row,) = [row for row in content_of("rows")["ledger"] if row["event_id"] == "E-told"]
    texts = {"tried": "?", "fingerprint": "v1:0a", "page": "p", "born": "b", "webhook_id": "msg_1", "origin": "live",
             "kind": "updated", "last_status": 503, "attempts": 3}  # fmt: skip
    empty = {column for column in columns_of(Entry).values() if column not in {"watch_id", *row, *texts}}
    filled = row | texts | dict.fromkeys(empty, NOW.isoformat())
    rows = content_of("rows") | {"ledger": [filled], "parked": []}
    calendar = [{"id": "E-told", "etag": 'W/"told-2"'}]
    left = before.run({"now": NOW.isoformat(), "rows": rows, "calendar": calendar, "jobs": [RESYNC], "resume": True})
    bodies = [post["body"] for post in left["posts"]]
    assert [(body["type"], body["data"]["event"]["id"]) for body in bodies] == [("calendar.event.updated", "E-told")]


def test_the_harness_runs_the_earlier_code(before: EarlierVersion, tmp_path: Path) -> None:
    """Its process imports the earlier version's product: with that broken, the run fails."""
    broken = EarlierVersion(COMMIT, tmp_path)
    (tmp_path / "shared/messages.py").write_text("raise SystemExit('broken')")
    with pytest.raises(AssertionError, match="broken"):
        broken.run(FIRST)
    assert before.run(FIRST | {"changes": []})["posts"] == []
