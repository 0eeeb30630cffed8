"""What the schedule board shows of a resource, and whether it and the calendar are in step, in a world of pairs."""

from __future__ import annotations

from typing import Any

from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.pairs_world import PairsWorld


def exchange(world: PairsWorld, rounds: int = 2) -> None:
    """Let both sides tell of what happened, as often as they do."""
    for _ in range(rounds):
        world.follow_on()
        for mailbox in (OLA, KARI):
            world.notify(mailbox)


def rows(world: PairsWorld, mailbox: str = OLA) -> list[dict[str, Any]]:
    """Return the bookings of a resource, by start."""
    resource = world.dataverse.id_of(f"resource:{mailbox}")
    found = (row for row in world.dataverse.get(BOOKINGS)["value"] if row["_resource_value"] == resource)
    return sorted(found, key=lambda row: str(row["starttime"]))


def live_rows(world: PairsWorld, mailbox: str = OLA) -> list[dict[str, Any]]:
    """Return those that are not over."""
    over = {world.dataverse.organization.ids.get(f"status:{name}") for name in ("Cancelled", "Canceled")}
    return [row for row in rows(world, mailbox) if row["_bookingstatus_value"] not in over and not row["statecode"]]


def live(world: PairsWorld, mailbox: str = OLA) -> list[tuple[str, str]]:
    """Return their start and end."""
    return sorted((str(row["starttime"])[:16], str(row["endtime"])[:16]) for row in live_rows(world, mailbox))


def is_in_step(world: PairsWorld, mailbox: str = OLA) -> bool:
    """Return whether a calendar has one event for each live booking, at its times, and the other way round."""
    return live(world, mailbox) == sorted(times[1:] for times in world.times(mailbox))
