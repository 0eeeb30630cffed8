"""Health names the rows that cannot be read, of each kind, and is not ok while there are any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.health.checks import Failed, is_up
from shared.health.table_check import MOST_READ, RowChecks
from shared.unreadable_rows import Unreadable
from tests.support.world import WATCH_ID, World

NAMES = [
    ("watches", "watch"), ("watches", "roomlist"), ("watches", "directory"), ("watches", "replay"),
    ("watches", "endpoint"), ("parked", "waiting"), ("parked", "dead"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "kind"), NAMES)
def test_a_bad_row_is_named_with_its_table(world: World, table: str, kind: str) -> None:
    """With its key and what to do; the relay as a whole is up, because everything else goes on."""
    world.watch()
    rows = world.rows if table == "watches" else world.parked_rows
    rows.create_entity({"PartitionKey": kind, "RowKey": "a" * 32, "created": 5, "since": 5})
    check = world.health_checks.run("unreadableRows")
    assert f"1 of {kind} in the table {table} ({'a' * 32})" in check.text
    assert (check.ok, is_up([check])) == (False, True)


def test_without_bad_rows_the_check_is_ok(world: World) -> None:
    """Rows of each kind are read."""
    world.watch()
    assert world.health_checks.run("unreadableRows").text == "ok; none"


def test_no_confidential_column_is_shown(world: World) -> None:
    """The key alone."""
    world.watch()
    world.rows.update_entity({"PartitionKey": "watch", "RowKey": WATCH_ID, "mailbox": 5, "created": "canary"})
    text = world.health_checks.run("unreadableRows").text
    assert WATCH_ID in text
    assert "canary" not in text
    assert "canary" not in repr(world.watches.find(WATCH_ID))


@pytest.mark.parametrize("place", [0, 999, 1000, 1500, MOST_READ - 1])
def test_a_bad_row_is_named_wherever_it_is(place: int) -> None:
    """Not only in the first page of storage's answer."""
    rows = [Unreadable("k") if number == place else object() for number in range(MOST_READ)]
    with pytest.raises(Failed, match="1 of x in the table y"):
        RowChecks({"x in the table y": lambda: rows}).by_name()["unreadableRows"]()


def test_a_bad_row_behind_a_thousand_watches_is_named(world: World) -> None:
    """As stored: the pages of the table are read one after the other."""
    for number in range(1100):
        world.rows.create_entity({"PartitionKey": "replay", "RowKey": f"{number:032x}", "created": 5})
    world.rows.create_entity({"PartitionKey": "directory", "RowKey": "a" * 32, "created": 5, "since": 5})
    text = world.health_checks.run("unreadableRows").text
    assert "1100 of replay" in text
    assert "1 of directory" in text


def test_three_rows_are_named_and_the_bound_is_said() -> None:
    """Nobody takes what was not read for good."""
    read = 0

    def rows() -> Iterator[object]:
        nonlocal read
        while True:
            read += 1
            yield Unreadable(f"k{read}")

    checks = RowChecks({"x in the table y": rows, "few in the table y": lambda: [object()]})
    with pytest.raises(Failed, match="cannot be read") as caught:
        checks.by_name()["unreadableRows"]()
    said = (
        f"{MOST_READ} of x in the table y (k1, k2, k3); only the first {MOST_READ} rows were read of x in the table y."
    )
    assert said in str(caught.value)
    assert read == MOST_READ + 1


@pytest.mark.parametrize(("number", "said"), [(MOST_READ, False), (MOST_READ + 1, True)])
def test_rows_that_were_not_read_are_said(number: int, *, said: bool) -> None:
    """Although no bad row was found."""
    text = RowChecks({"x": lambda: [0] * number}).by_name()["unreadableRows"]()
    assert text == ("ok; none" + (f"; only the first {MOST_READ} rows were read of x" if said else ""))


def test_what_could_not_be_read_is_not_ok(world: World) -> None:
    """Storage does not answer: the check fails and says so."""
    world.parked_rows.failing = 1
    check = world.health_checks.run("unreadableRows")
    assert (check.ok, check.text) == (False, "storage answered 503")
