"""Changes both ways: bookings that dispatchers move, and events that persons move, all at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from shared.messages import Change
from shared.storage.watches import watch_id_of
from tests.dataverse_run.measures import AT_ONCE, CALL_SECONDS, Part, calls_of, carried, seconds_of
from tests.dataverse_run.run import part
from tests.support.booking_edits import live
from tests.support.dataverse_world import BOOKINGS
from tests.support.event_edits import add_event, move_event, times_of
from tests.support.pairs_world import PairsWorld, pairs_world

MOST_SECONDS = 60
AT_ONCE_ALLOWED, REQUESTS_ALLOWED = 52, 6_000  # of one user; the requests within five minutes
BOTH = {"DATAVERSE_DIRECTION": "both"}


class BothWays(NamedTuple):
    """What the changes took, what their echoes took then, and how many calendars differ from the board at rest."""

    changes: Part
    echoes: Part
    wrong: int


class Case(NamedTuple):
    """One run: so many changes, half of bookings and half of events. `trial`: with a tenth of the limits."""

    resources: int
    changes: int
    trial: bool = False


def carried_both_ways(folder: Path, case: Case) -> BothWays:
    """Run in an environment of its own, and return what it took."""
    people = [f"person{number}@contoso.com" for number in range(case.resources)]
    with pairs_world(
        folder, BOTH, people=people, resources=[{"mailbox": each} for each in people], trial=case.trial
    ) as world:
        events = added(world, people, case.changes // 2)
        world.dataverse_start.start("it")
        part(world, world.follow.run)
        part(world, partial(notified, world, events))
        bookings = [row["bookableresourcebookingid"] for row in dispatchers(world)]
        assert len(world.pairs_in("paired")) == len(bookings) + len(events)
        moved(world, bookings, events)
        changes = part(world, partial(notified, world, events))
        echoes = part(world, partial(notified, world, [*events, *events_of_relay(world, people)]))
        return BothWays(changes, echoes, sum(live(world, each) != shown(world, each) for each in people))


def added(world: PairsWorld, people: list[str], number: int) -> list[tuple[str, str]]:
    """Make bookings and events, both spread over the people; return mailbox and id of each event."""
    events = []
    for each in range(number):
        mailbox, hours = people[each % len(people)], 24 + 4 * (each // len(people))
        world.dataverse.book(hours=hours, resource=mailbox)
        events.append((mailbox, add_event(world, hours + 2, mailbox)))
    return events


def moved(world: PairsWorld, bookings: list[str], events: list[tuple[str, str]]) -> None:
    """Move each to hours at which nothing else of its resource is."""
    for number, booking in enumerate(bookings):
        times = times_of(world, 500 + 4 * number)
        world.change(booking, starttime=times["start"], endtime=times["end"])
    for number, (mailbox, event) in enumerate(events):
        move_event(world, event, 502 + 4 * number, mailbox)


def notified(world: PairsWorld, events: list[tuple[str, str]]) -> None:
    """Notify the relay of events, and let the timer run."""
    for mailbox in dict.fromkeys(mailbox for mailbox, _ in events):
        watch = world.watches.get(watch_id_of(mailbox))
        assert watch is not None
        changes = [Change(watch.id, "user", event) for each, event in events if each == mailbox]
        world.event_changes.changed(watch, changes, world.now())
    world.follow.run()


def dispatchers(world: PairsWorld) -> list[dict[str, Any]]:
    """Return the bookings that have no event of a person."""
    born = {pair.booking_id for pair in world.pairs.all() if pair.born == "dataverse"}
    rows = world.dataverse.control("GET", f"/rows/{BOOKINGS}")["value"]
    return [row for row in rows if row["bookableresourcebookingid"] in born]


def events_of_relay(world: PairsWorld, people: list[str]) -> list[tuple[str, str]]:
    """Return mailbox and id of each event that the relay made."""
    mailboxes = {watch_id_of(each): each for each in people}
    born = (pair for pair in world.pairs.all() if pair.born == "dataverse")
    return [(mailboxes[pair.mailbox_watch], pair.event_id) for pair in born]


def shown(world: PairsWorld, mailbox: str) -> list[tuple[str, str]]:
    """Return start and end of each event of a calendar."""
    begin: datetime = world.now() - timedelta(days=7)
    events = world.marked_events.view(mailbox, begin, begin + timedelta(days=170))
    return sorted((each["start"]["dateTime"][:16], each["end"]["dateTime"][:16]) for each in events)


def lines_of(results: BothWays, case: Case) -> Iterator[str]:
    """Yield the results as lines of text."""
    part_of, limits = results.changes, "limits of a trial" if case.trial else "limits of production"
    yield (
        f"{case.changes} changes both ways, {limits}: {part_of.dataverse} calls of Dataverse, {part_of.graph} "
        f"of Graph, {part_of.writes} of them writes; {part_of.refused} refused; {part_of.seconds:.0f} s of waiting"
    )
    each = (part_of.dataverse / case.changes, part_of.graph / case.changes)
    yield f"a change: {each[0]:.2f} calls of Dataverse, {each[1]:.2f} of Graph"
    yield f"eight at once, {CALL_SECONDS} s a call: {seconds_of(part_of):.0f} s"
    yield f"their echoes: {calls_of(results.echoes)} calls, {results.echoes.writes} of them writes"


def broken_both_ways(results: BothWays, case: Case) -> list[str]:
    """Return the bounds that were passed; a trial may refuse and wait."""
    seconds = seconds_of(results.changes) * 500 / case.changes
    five_minutes = results.changes.dataverse + results.echoes.dataverse
    bounds = {
        "both ways: a calendar differs from the board": results.wrong == 0,
        "both ways: a change is written more than once": carried(results.changes) <= case.changes,
        "both ways: an echo is written": results.echoes.writes == 0,
        "both ways: 500 changes take more than a minute": seconds <= MOST_SECONDS,
        "both ways: more calls at once than Dataverse allows": AT_ONCE <= AT_ONCE_ALLOWED,
        "both ways: more calls than Dataverse allows": case.trial
        or five_minutes * 500 / case.changes <= REQUESTS_ALLOWED,
        "both ways: refused, or waited": case.trial
        or (results.changes.refused, results.changes.seconds < 1) == (0, True),
    }
    return [name for name, holds in bounds.items() if not holds]
