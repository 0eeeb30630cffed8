"""What a run measures: calls of each side, pauses, and what is wrong at rest; seconds are of the tenant's clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

AT_ONCE = 8
CALL_SECONDS = 0.2  # assumed for one call of Dataverse or Graph
RUNS_OF_A_DAY = 288


class Size(NamedTuple):
    """How large a run is."""

    pairs: int
    resources: int
    changes: int
    foreign: int


class Part(NamedTuple):
    """What one part of a run took. `seconds`: of the tenant's clock, which only waiting advances."""

    dataverse: int
    graph: int
    writes: int
    seconds: float
    refused: int


class Results(NamedTuple):
    """What the parts of a run took, and how many calendars differ from their bookings at rest."""

    first: Part
    run: Part
    night: Part
    foreign: Part
    changes: Part
    wrong: int


def lines(results: Results, size: Size) -> Iterator[str]:
    """Yield the results as lines of text."""
    yield f"{size.pairs} pairs of {size.resources} resources, {size.foreign} bookings of others; limits of a trial"
    for name, part in zip(Results._fields, results[:-1], strict=False):
        yield (
            f"{name}: {part.dataverse} calls of Dataverse, {part.graph} of Graph, {part.writes} of them writes; "
            f"{part.refused} refused; {part.seconds:.0f} s of waiting"
        )
    yield f"a change: {calls_of(results.changes) / size.changes:.2f} calls"
    yield f"a pair of a night: {calls_of(results.night) / size.pairs:.3f} calls"
    day = results.run.dataverse * RUNS_OF_A_DAY + results.night.dataverse
    yield f"a quiet day: {day} calls of Dataverse, {results.run.graph * RUNS_OF_A_DAY + results.night.graph} of Graph"
    yield f"{size.changes} changes, eight at once, {CALL_SECONDS} s a call: {seconds_of(results.changes):.0f} s"
    yield f"differences at rest: {results.wrong}"


def calls_of(part: Part) -> int:
    """Return the calls of both sides."""
    return part.dataverse + part.graph


def carried(part: Part) -> int:
    """Return at least how many writes were carried out: one that Dataverse refuses is sent again."""
    return part.writes - part.refused


def seconds_of(part: Part) -> float:
    """Return the seconds of a part's calls, without pauses."""
    return calls_of(part) * CALL_SECONDS / AT_ONCE


def broken_bounds(results: Results, size: Size) -> list[str]:
    """Return the bounds that were passed."""
    pages = size.foreign // 5000 + 1
    bounds = {
        "a calendar differs from its bookings": results.wrong == 0,
        "a quiet run writes, or reads Graph": (results.run.writes, results.run.graph) == (0, 0),
        "a quiet run takes more than four calls": results.run.dataverse <= 4,
        "a night writes": results.night.writes == 0,
        "a night takes more than three calls a resource": calls_of(results.night) <= 3 * size.resources + 4,
        "rows of others cost more than pages": results.foreign.dataverse <= pages + results.run.dataverse,
        "rows of others cost calls of Graph": results.foreign.graph == 0,
        "a change takes more than four calls": calls_of(results.changes) <= 4 * size.changes + 20,
        "a change is written more than once": carried(results.changes) <= size.changes,
        "500 changes take more than a minute": seconds_of(results.changes) * 500 / size.changes <= 60,
    }
    return [name for name, holds in bounds.items() if not holds]
