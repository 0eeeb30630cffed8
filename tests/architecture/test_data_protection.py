"""The tables of docs/data-protection.md match the code: what is read, sent, stored and logged."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.process import ROOT
from shared.config import DETAILS
from shared.graph import booked_events, calendars, events
from shared.partner import payload
from shared.partner.appointment_payload import public_appointment_state
from shared.reliability.awaited_queue import AWAITED_KINDS
from shared.rooms.room import PROPERTIES
from shared.storage.awaited_jobs import AwaitedJobs
from shared.storage.heartbeat import Heartbeat
from shared.storage.table import columns_of
from shared.storage.tombstones import Tombstone
from tests.architecture.stored_kinds import OTHERS, PAIRS, PERSONAL
from tests.architecture.trees import tree_of
from tests.support.table import FakeTable

PAGE, MORE, OF_PAIRS = (
    (ROOT / "docs" / f"{name}.md").read_text() for name in ("data-protection", "subscriptions", "dataverse-data")
)
NOT_STORED = {"Unreadable", "Beats"}  # what a row was read as
NOON = {"dateTime": "2026-11-20T12:00:00", "timeZone": "UTC"}


def row(*cells: str, page: str = PAGE) -> str:
    """Return the last cell of the row that begins with these cells."""
    found = re.findall(rf"^\| {re.escape(' | '.join(cells))} \| (.*) \|$", page, re.MULTILINE)
    assert len(found) == 1, cells
    return str(found[0])


def listed(*cells: str, page: str = PAGE) -> list[str]:
    """Return the names in the first code of that cell."""
    return [name.strip() for name in row(*cells, page=page).split("`")[1].split(",")]


def calls_of(name: str) -> Iterator[ast.Call]:
    """Yield every call of a function of shared/telemetry.py in the app."""
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == f"telemetry.{name}":
                    yield node


def test_the_page_lists_the_properties_read_of_an_event() -> None:
    """Exactly those that are selected."""
    assert listed("an event of a watched mailbox") == events.SELECT.split(",")
    assert "ten properties" in (ROOT / "docs" / "permissions.md").read_text()
    assert len(events.SELECT.split(",")) == 10


def test_the_page_lists_the_properties_read_of_a_calendar() -> None:
    """By the feature calendars; for its events the usual properties, and those that EVENT_DETAIL allows."""
    assert listed("a calendar (feature calendars)") == calendars.CALENDAR_SELECT.split(",")
    assert listed("an event, where EVENT_DETAIL allows it (feature calendars)") == list(DETAILS)
    again = "events that start within a day of one that a call repeats by its Idempotency-Key (feature calendars)"
    code = (ROOT / "shared" / "graph" / "calendars.py").read_text()
    assert f'"$select": "{",".join(listed(again))}"' in code


def test_the_page_lists_the_properties_read_for_slots() -> None:
    """For events the usual properties, and when they were created; for a schedule, which Graph returns complete, those
    that the code reads.
    """
    more = listed("an event at the time of a booking (feature scheduling)")
    assert ",".join((events.SELECT, *more)) == booked_events._SELECT
    paths = ("scheduling/availability.py", "busy_times/schedule_items.py")
    taken = {name for path in paths for name in re.findall(r'"([a-zA-Z]+)"', (ROOT / "shared" / path).read_text())}
    for cells in ("a schedule: busy times (feature scheduling)", "the same: working hours", "the same (feature rooms)"):
        assert set(listed(cells)) <= taken | {"start", "end"}
    assert not {"subject", "location", "isPrivate"} & taken


def test_the_page_lists_the_properties_read_of_a_room() -> None:
    """By the list of its rooms, and by the feature rooms."""
    selected = re.findall(r'"\$select": "([^"]+)"', (ROOT / "shared" / "graph" / "rooms.py").read_text())
    assert selected == [",".join(listed("a room of a room list"))]
    assert listed("the same, and the rooms of the tenant (feature rooms)") == PROPERTIES.split(",")


def test_the_page_lists_the_properties_read_of_bookings() -> None:
    """Bookings supports no $select: its objects are parsed in two files and nowhere else."""
    taken = set()
    for path in ("graph/bookings/parse.py", "bookings/graph_body.py"):
        taken |= set(re.findall(r'"([a-zA-Z]+)"', (ROOT / "shared" / path).read_text()))
    rows = ("a business of Bookings (feature bookings)", "its services", "its staff and customers", "its appointments",
            "availability of its staff")  # fmt: skip
    for named in {name for cells in rows for name in listed(cells)}:
        assert named in taken, named


def test_no_other_call_reads_content() -> None:
    """Every read from Graph selects properties, except the list of the relay's own subscriptions, and Bookings; the
    diagnostics select an id.
    """
    code = {path.relative_to(ROOT / "shared"): path.read_text() for path in (ROOT / "shared").rglob("*.py")}
    reading = {name for name, text in code.items() if re.search(r'_graph\.(pages\(|call\(\s*"GET")', text)}
    names = (
        "booked_events", "bookings/client", "calendars", "diagnostics", "events", "marked_events/events", "rooms",
        "subscriptions",
    )  # fmt: skip
    assert {str(path) for path in reading} == {f"graph/{name}.py" for name in names}
    probe = (ROOT / "shared" / "graph" / "diagnostics.py").read_text()
    assert probe.count('_graph.call("GET"') > 0
    assert re.findall(r'"\$select": "([^"]+)"', probe) == ["id"] * probe.count('_graph.call("GET"')


def test_the_page_lists_the_fields_of_the_payload() -> None:
    """The payload is built from an event of Graph, so that a new field shows."""
    event = payload.public_event({"id": "1", "subject": "x", "start": NOON, "end": NOON})
    body = ast.literal_eval(payload.body_of("deleted", "w", "m", payload.deleted_event("1", "2"), datetime.now(UTC)))
    assert listed("an event") == list(event)
    assert listed("a deleted event") == list(body["data"]["event"])
    assert listed("the envelope") == list(body)
    assert listed("data") == list(body["data"])
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    appointment = public_appointment_state("business", "id", "service", ["staff"], (noon, noon), "booked")
    assert listed("an appointment ([BOOKINGS_DELIVERIES](bookings-deliveries.md))") == list(appointment)


@pytest.mark.parametrize("kind", [*PERSONAL, *OTHERS, *PAIRS], ids=lambda kind: kind.__name__)
def test_the_page_lists_the_fields_of_rows_and_messages(kind: type) -> None:
    """Without the etag, which is storage's own. docs/subscriptions.md has the rows without data about people."""
    page = PAGE if kind in PERSONAL else OF_PAIRS if kind in PAIRS else MORE
    place = re.findall(rf"^\| (\S+ `[a-z-]+`) \| {kind.__name__} \|", page, re.MULTILINE)
    assert listed(place[0], kind.__name__, page=page) == list(columns_of(kind).values())


def test_rows_without_data_about_people_have_no_such_columns() -> None:
    """No mailbox, user, event or address of a partner; `first_id` is the id of a watch, `url` the relay's own."""
    columns = {column for kind in OTHERS for column in columns_of(kind).values()}
    assert not {column for column in columns if re.search("mailbox|user|event|address|notification_url", column)}


def test_the_page_lists_the_columns_of_the_heartbeat() -> None:
    """It is written column by column."""
    table = FakeTable()
    heartbeat, noon = Heartbeat(lambda: table), datetime(2026, 11, 20, 12, tzinfo=UTC)
    heartbeat.ran(noon)
    heartbeat.succeeded(noon)
    heartbeat.queue_run(noon + timedelta(hours=2), timedelta(hours=1))
    heartbeat.late_from(noon)
    heartbeat.silent(noon)
    [written] = table.rows.values()
    assert set(listed("table `watches`", "heartbeat", page=MORE)) == written.keys() - {"PartitionKey", "RowKey"}


def test_the_page_lists_the_columns_of_awaited_jobs() -> None:
    """Two for each kind of which one is awaited at a time."""
    table = FakeTable()
    awaited, noon = AwaitedJobs(lambda: table), datetime(2026, 11, 20, 12, tzinfo=UTC)
    for kind in AWAITED_KINDS:
        awaited.expect(kind, noon, noon)
    [written] = table.rows.values()
    assert set(listed("table `watches`", "awaited", page=MORE)) == written.keys() - {"PartitionKey", "RowKey"}


def test_what_remains_of_a_removed_watch_is_named() -> None:
    """Tombstones are the only rows that are written by a removal; they hold hashes, and no id of a mailbox."""
    assert "then every row that names it; only tombstones stay." in PAGE
    assert list(columns_of(Tombstone)) == ["id", "at"]


def test_no_table_and_no_queue_is_missing() -> None:
    """By the names under which they are opened."""
    code = "".join(path.read_text() for path in (ROOT / "shared" / "bootstrap").glob("*.py"))
    queues = (ROOT / "shared" / "storage" / "queues.py").read_text()
    names = set(re.findall(r'storage\.table\("(\w+)"\)', code))
    names |= set(re.findall(r'^[A-Z]+ = "([a-z-]+)"', queues, re.MULTILINE))
    assert len(names) > 6
    assert set(re.findall(r"^\| (?:table|queue) `([a-z-]+)` \|", PAGE + OF_PAIRS, re.MULTILINE)) == names


def test_every_kind_of_row_is_on_the_page() -> None:
    """A new dataclass of shared/storage must be documented."""
    defined = set()
    for path in (ROOT / "shared" / "storage").rglob("*.py"):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list):
                defined.add(node.name)
    stored = {kind.__name__ for kind in (*PERSONAL, *OTHERS, *PAIRS) if kind.__module__.startswith("shared.storage.")}
    assert defined - NOT_STORED == stored


def test_every_page_names_what_remains_after_a_removal() -> None:
    """The vault remains for as long as it keeps deleted secrets: it cannot be purged."""
    vault = (ROOT / "infra/modules/vault.bicep").read_text()
    assert "enablePurgeProtection: true" in vault
    assert "softDeleteRetentionInDays: 7 " in vault
    removal = (ROOT / "docs/deployment.md").read_text().partition("\n## Remove it\n")[2]
    everything = row("everything")
    for text in (removal, everything, (ROOT / "relay_admin/commands/uninstall.py").read_text()):
        assert "azd down --purge" in text
        assert "purge the vault" not in text
    assert "after seven days" in removal
    assert "for seven days more" in everything
    assert "Nothing else is left" not in removal


def test_the_page_lists_the_counters() -> None:
    """With their dimensions; both are constants in the code, so that no content of a calendar can become one."""
    counters = {ast.literal_eval(call.args[0]) for call in calls_of("count")}
    dimensions = {str(keyword.arg) for call in calls_of("count") for keyword in call.keywords}
    assert listed("counters (logger `relay.metric`)") == sorted(counters)
    assert listed("their dimensions") == sorted(dimensions)


def test_the_page_lists_the_audited_operations() -> None:
    """By their names in the log."""
    audited = sorted({ast.literal_eval(call.args[0]) for call in calls_of("audit")})
    assert listed("operations (logger `relay.audit`)") == audited
