"""Claims about `make demo-dispatch`: nothing is wrong, and its last line shows what is."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from azure.data.tables import TableClient

from sandbox.demo.dispatch.plan import Key, Plan
from sandbox.demo.dispatch.reader import Reader
from sandbox.demo.dispatch.reading import KARI, OLA, utc
from sandbox.demo.dispatch.starting import stack_of
from sandbox.process import ROOT

pytestmark = pytest.mark.long  # each starts a stack of its own
LINE = re.compile(r"demo: (\d+) bookings and (\d+) events, (.+), (\d+) doubled, (\d+) lost, (\d+) leaked")
COPIED = ("functions", "shared", "function_app.py", "host.json")


class Fault(NamedTuple):
    """A fault to plant into a copy of the product: `before` is in the module once, and becomes `after`.

    `act` shows it; `number` of the last line is not zero then: 4 doubled, 5 lost, 6 leaked.
    """

    number: int
    act: str
    module: str
    before: str
    after: str


FAULTS = {
    "doubled": Fault(4, "reassign", "shared/dataverse/writes/run.py", "remove(decision.removals,", "remove((),"),
    "lost": Fault(5, "later,work-order", "shared/dataverse/rules/deleted.py",
                  "    if seen.is_linked:\n        return restore_event(seen, 14)\n", ""),
    "leaked": Fault(6, "reassign", "shared/dataverse/event_titles.py",
                    "bool(mark_in(event)) and self.titles() != SUBJECT", "False"),
}  # fmt: skip


def played(*arguments: str) -> tuple[subprocess.CompletedProcess[str], re.Match[str]]:
    """Run the demonstration, and return how it ended and its last line."""
    command = [sys.executable, "-m", "sandbox.demo.dispatch", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    last = LINE.fullmatch(done.stdout.strip().rpartition("\n")[2])
    assert last is not None, done.stdout + done.stderr
    return done, last


def test_the_day_ends_in_step() -> None:
    """All acts are carried over; nothing is doubled, lost or leaked."""
    done, last = played()
    assert last.groups() == ("11", "11", "all in step", "0", "0", "0"), done.stdout
    assert (done.returncode, "WRONG" in done.stdout) == (0, False), done.stdout


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_changes_its_number(name: str, tmp_path: Path) -> None:
    """The demonstration fails."""
    fault = FAULTS[name]
    for each in COPIED:
        copy = shutil.copytree if (ROOT / each).is_dir() else shutil.copy
        copy(ROOT / each, tmp_path / each)
    module = tmp_path / fault.module
    text = module.read_text()
    assert text.count(fault.before) == 1
    module.write_text(text.replace(fault.before, fault.after))
    done, last = played("--app", str(tmp_path), "--acts", fault.act, "--patience", "30")
    assert int(last[fault.number]) > 0, done.stdout
    assert done.returncode == 1


def test_the_reader_shows_a_wrong_state_as_it_is(tmp_path: Path) -> None:
    """A booking made twice, an event that is missing, and a name that the partner has received; no relay runs."""
    with stack_of(tmp_path) as stack:
        plan, day = Plan("run"), datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
        hours = [(day + timedelta(hours=2 * number), day + timedelta(hours=2 * number + 1)) for number in range(2)]
        double, lonely = (Key(OLA, utc(start), utc(end)) for start, end in hours)
        for key, (start, end) in zip((double, double, lonely), (hours[0], *hours), strict=True):
            name = plan.visit("Lift")
            plan.add(key, name, name)
            row = stack.dataverse.book(OLA, start, end, name=name)
        stack.tenant.book(OLA, subject=plan.appointments[double].calendar, start=double.start[:-1],
                          end=double.end[:-1], showAs="busy")  # fmt: skip
        requests.post(stack.partner.url, json={"title": plan.visits[-1]}, timeout=60)
        with TableClient.from_connection_string(stack.azurite.connection_string, "pairs") as table:
            table.create_table()
            pair_id = row["bookableresourcebookingid"].replace("-", "")
            table.create_entity({"PartitionKey": "pair", "RowKey": pair_id, "state": "held", "event_id": ""})
        result = Reader(stack, plan).result()
        assert (result.bookings, result.events) == (3, 1)
        assert (len(result.doubled), len(result.lost), len(result.leaked)) == (1, 1, 1)
        assert result.apart
        assert KARI not in str(result.lost)
