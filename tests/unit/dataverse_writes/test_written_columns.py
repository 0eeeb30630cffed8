"""Claims about what is written of a booking, and which statuses and owners it gets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.booking_edits import exchange, is_in_step, live_rows, rows
from tests.support.dataverse_world import APP, KARI, OLA, ROOM
from tests.support.event_edits import add_event, change_event, hint
from tests.support.pair_edits import remove_event
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
RESOURCES = [{"mailbox": OLA}, {"mailbox": KARI}, {"mailbox": ROOM, "kind": "facility"}]


@contextmanager
def following(folder: Path, seed: dict[str, Any] | None = None, **settings: str) -> Iterator[PairsWorld]:
    """Serve a relay that writes both sides."""
    with pairs_world(folder, {"DATAVERSE_DIRECTION": "both", **settings}, resources=RESOURCES, **(seed or {})) as world:
        yield world.begin_to_follow()


def status_of(world: PairsWorld, row: dict[str, Any]) -> str:
    """Return the name of a booking's status."""
    return next(name for name, each in world.dataverse.organization.ids.items() if each == row["_bookingstatus_value"])


def test_a_write_carries_a_tag_and_an_audit_line_without_names(
    world: PairsWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """The steps of the environment see whose write it is; the audit has ids and the number of the row."""
    caplog.set_level(logging.INFO)
    written: list[Any] = []
    world.dataverse.organization.writer.followers.append(written.append)
    hint(world, add_event(world, 30))
    (row,) = live_rows(world)
    assert [each.actor.tag for each in written if each.table.name == "bookableresourcebooking"] == ["calendar-relay"]
    lines = [vars(record) for record in caplog.records if vars(record).get("audit") == "dataverse-write"]
    assert [(line["booking"], line["row"]) for line in lines] == [(row["bookableresourcebookingid"], 56)]
    assert "Dentist" not in caplog.text


def test_the_defaults_are_those_of_booking_setup(certificates: Path) -> None:
    """Of bookings without a requirement; a canceled one keeps its row."""
    with following(certificates) as world:
        hint(world, add_event(world, 30))
        assert status_of(world, rows(world)[0]) == "status:Committed"
        remove_event(world)
        exchange(world)
        assert status_of(world, rows(world)[0]) == "status:Cancelled"


def test_the_settings_name_other_statuses(certificates: Path) -> None:
    """Both of Field Service's own."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        ids = {name: world.dataverse.id_of(f"status:{name}") for name in ("Scheduled", "Canceled")}
    given = {"DATAVERSE_COMMITTED_STATUS": ids["Scheduled"], "DATAVERSE_CANCELED_STATUS": ids["Canceled"]}
    with following(certificates, None, **given) as world:
        hint(world, add_event(world, 30))
        assert status_of(world, rows(world)[0]) == "status:Scheduled"
        remove_event(world)
        exchange(world)
        assert status_of(world, rows(world)[0]) == "status:Canceled"


@pytest.mark.parametrize("refused", ["optimized", "of another class", "inactive", "unknown"])
def test_a_status_that_cannot_be_given_is_refused(
    certificates: Path, refused: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that the optimizer may move, that is not committed, or not active: no booking; the log names the setting."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        given = world.dataverse.id_of("status:Proposed" if refused == "of another class" else "status:Scheduled")
    unknown = "0b0b0b0b-0000-4000-8000-00000000000b"
    with following(certificates, DATAVERSE_COMMITTED_STATUS=unknown if refused == "unknown" else given) as world:
        changes = {"optimized": {"msdyn_optimizationmethod": 192350000}, "inactive": {"statecode": 1, "statuscode": 2}}
        if refused in changes:
            world.dataverse.control("PATCH", f"/rows/bookingstatuses/{given}", changes[refused])
        hint(world, add_event(world, 30))
        assert rows(world) == []
        assert "DATAVERSE_COMMITTED_STATUS" in caplog.text


@pytest.mark.parametrize("owner", ["", "resource"])
@pytest.mark.parametrize("mailbox", [OLA, ROOM])
def test_a_booking_has_the_owner_that_the_setting_names(certificates: Path, owner: str, mailbox: str) -> None:
    """The resource's user, or the application user; a room has none of its own."""
    with following(certificates, {"applicationUsers": {APP: "administrator"}}, DATAVERSE_OWNER=owner) as world:
        hint(world, add_event(world, 30, mailbox), mailbox=mailbox)
        (row,) = rows(world, mailbox)
        relay = row["_createdby_value"]
        wanted = world.dataverse.id_of(f"user:{mailbox}") if owner and mailbox == OLA else relay
        assert world.dataverse.row(row["bookableresourcebookingid"])["_ownerid_value"] == wanted


@pytest.mark.parametrize("seed", [{"fieldService": False}], ids=["without-field-service"])
def test_an_organization_without_field_service_is_written_as_well(certificates: Path, seed: dict[str, Any]) -> None:
    """Its bookings have fewer columns."""
    with following(certificates, seed) as world:
        event = add_event(world, 30)
        hint(world, event)
        change_event(world, event, sensitivity="private")
        hint(world, event)
        assert is_in_step(world)
        assert live_rows(world)[0]["name"] == "Private"


@pytest.mark.parametrize("subject", ["x" * 300, "\N{GRINNING FACE}" * 100, "   ", ""])
def test_a_subject_of_any_length_fits_into_the_name(certificates: Path, subject: str) -> None:
    """Names are counted in units of UTF-16; an empty one is Busy."""
    with following(certificates, DATAVERSE_TITLES="subject") as world:
        hint(world, add_event(world, 30, subject=subject))
        name = live_rows(world)[0]["name"]
        assert name == (subject.strip()[: 50 if len(subject) == 100 else 100] or "Busy")
        world.forget_calls()
        exchange(world)
        assert world.to_dynamics.writes == []


def test_a_booking_that_comes_back_with_another_resource_is_held(world: PairsWorld) -> None:
    """A rule gave it to somebody else: nobody's calendar is touched until an administrator releases it."""
    other = world.dataverse.id_of(f"resource:{KARI}")
    world.dataverse.control("POST", "/plugins", {"resource": other, "times": 1})
    hint(world, add_event(world, 30))
    exchange(world)
    assert [pair.held_by for pair in world.pairs.all()] == ["answer"]
    assert (len(rows(world, KARI)), world.times(KARI)) == (1, [])
    world.dataverse_hold.release("it", OLA)
    exchange(world)
    assert is_in_step(world)
