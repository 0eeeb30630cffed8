"""The run: a first sync, a quiet run of the timer, a night, changes of others, and changes of bookings that have pairs.

The relay's own Dataverse and Graph are the sandbox's, in this process, with the limits of a trial.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dataverse_run.measures import Part, Results, Size
from tests.support.dataverse_world import BOOKINGS, ROOM
from tests.support.pairs_world import PairsWorld, pairs_world

SLOT = timedelta(minutes=30)


def measured(folder: Path, size: Size) -> Results:
    """Run in an environment of its own, and return the results."""
    people = [f"person{number}@contoso.com" for number in range(size.resources)]
    resources: list[dict[str, Any]] = [{"mailbox": each} for each in people]
    resources.append({"mailbox": ROOM, "marked": False})
    with pairs_world(folder, people=people, resources=resources, trial=True) as world:
        own = booked(world, people, size.pairs)
        first = part(world, lambda: world.dataverse_start.start("it"))
        part(world, world.follow.run)
        run = part(world, world.follow.run)
        others = foreign(world, size.foreign)
        night = part(world, world.event_changes.run)
        part(world, world.follow.run)
        world.dataverse.control("POST", "/bookings/touch", {"body": {"name": "Theirs"}, "ids": others})
        of_others = part(world, world.follow.run)
        changed = own[:: max(1, size.pairs // size.changes)][: size.changes]
        world.dataverse.control("POST", "/bookings/touch", {"body": {"name": "Another"}, "ids": changed})
        changes = part(world, world.follow.run)
        return Results(first, run, night, of_others, changes, differences(world, people))


def booked(world: PairsWorld, people: list[str], number: int) -> list[str]:
    """Make bookings for each person, one after another."""
    each = number // len(people)
    step = int(SLOT.total_seconds() // 60)
    ids: list[str] = []
    for person in people:
        body = world.dataverse.booking(resource=person)
        given = {"count": each, "shiftMinutes": 2 * step, "body": body}
        ids += world.dataverse.control("POST", "/bookings/many", given)["ids"]
    return ids


def foreign(world: PairsWorld, number: int) -> list[str]:
    """Make bookings of a resource that is not followed."""
    given = {"count": number, "shiftMinutes": 0, "body": world.dataverse.booking(resource=ROOM)}
    return list(world.dataverse.control("POST", "/bookings/many", given)["ids"])


def part(world: PairsWorld, act: Callable[[], object]) -> Part:
    """Act, settle all that follows, and return what that took; the limits' period is over before."""
    world.dataverse.tenant.clock.advance(301)
    world.forget_calls()
    limits, began = world.dataverse.organization.limits, world.now()
    refused, real = sum(limits.refused.values()), datetime.now(began.tzinfo)
    act()
    while world.queue.messages:
        wait, text = world.queue.take()
        if wait:
            world.dataverse.tenant.clock.advance(wait)
        world.pair_settling.process(text)
    spent = (datetime.now(began.tzinfo) - real).total_seconds()  # the tenant's clock runs meanwhile
    writes = len(world.to_graph.writes) + len(world.to_dynamics.writes)
    return Part(
        len(world.to_dynamics.calls), len(world.to_graph.calls), writes,
        (world.now() - began).total_seconds() - spent, sum(limits.refused.values()) - refused,
    )  # fmt: skip


def differences(world: PairsWorld, people: list[str]) -> int:
    """Return how many events are missing, too many or wrong."""
    rows = world.dataverse.control("GET", f"/rows/{BOOKINGS}")["value"]
    room = world.dataverse.id_of(f"resource:{ROOM}")
    due = sorted((row["name"], row["starttime"][:16], row["endtime"][:16])
                 for row in rows if row["_resource_value"] != room)  # fmt: skip
    begin = world.now() - timedelta(days=7)
    events = [event for each in people for event in world.marked_events.view(each, begin, begin + timedelta(days=170))]
    shown = sorted((e["subject"], e["start"]["dateTime"][:16], e["end"]["dateTime"][:16]) for e in events)
    return sum(one != other for one, other in zip(due, shown, strict=False)) + abs(len(due) - len(shown))
