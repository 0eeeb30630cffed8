"""Play an iCalendar file: create its events on a room's calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests

from sandbox.clients import TenantClient
from sandbox.demo.stage import Act, Change
from sandbox.ics import control_body, read_calendar, shift_to
from sandbox.ics_zones import instant

ROUND_SIZE = 40  # changes made before waiting for the partner


class Playback:
    """Plays the events of one file in one room; prints what cannot be played, with the reason."""

    def __init__(self, file: Path, tenant: TenantClient, room: str) -> None:
        reading = read_calendar(file.read_bytes())
        for reason in reading.skipped:
            print(f"left out: {reason}", flush=True)
        self._tenant = tenant
        self._room = room
        self._events = shift_to(reading.events, datetime.now(UTC))
        self._booked: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def rounds(self) -> Iterator[list[Act]]:
        """Yield the acts, round by round: first every event, then the changes that the file makes to them."""
        yield from _parts([partial(self._book, event) for event in self._events])
        later = [act for event, booked in self._booked for act in self._later(event, booked)]
        yield from _parts(later)

    def _book(self, event: dict[str, Any]) -> Change | None:
        try:
            booked = self._tenant.book(self._room, **control_body(event), direct=True)
        except requests.HTTPError as error:
            print(f"left out: {event['subject'][:40]!r}: {error}", flush=True)
            return None
        self._booked.append((event, booked))
        return Change(self._room, "from the file", booked["immutableId"])

    def _later(self, event: dict[str, Any], booked: dict[str, Any]) -> Iterator[Act]:
        """Yield the acts after the booking: changed or cancelled occurrences, and the cancellation."""
        for override in event["overrides"]:
            occurrence = self._occurrence(booked["immutableId"], override["recurrenceId"])
            if occurrence is not None:
                yield partial(self._change, occurrence, booked["immutableId"], override)
        if event["cancelled"]:
            yield partial(self._cancel, booked["id"], booked["immutableId"])

    def _occurrence(self, series: str, original: dict[str, str]) -> str | None:
        """Return the id of the occurrence of a series with this original start."""
        moment = instant(original)
        around = [(moment + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (-2, 2)]
        for event in self._tenant.calendar(self._room, around[0], around[1]):
            if event["seriesMasterImmutableId"] == series and datetime.fromisoformat(event["originalStart"]) == moment:
                return str(event["id"])
        print(f"left out: a change to an occurrence that does not exist ({original['dateTime']})", flush=True)
        return None

    def _change(self, event_id: str, series: str, override: dict[str, Any]) -> Change | None:
        if override["cancelled"]:
            return self._cancel(event_id, series)
        body = {k: v for k, v in control_body(override).items() if k not in ("rrule", "exdates", "organizer")}
        try:
            self._tenant.change(self._room, event_id, **body)
        except requests.HTTPError as error:
            print(f"left out: a changed occurrence: {error}", flush=True)
            return None
        return Change(self._room, "one occurrence", series)

    def _cancel(self, event_id: str, shown_as: str) -> Change:
        self._tenant.cancel(self._room, event_id)
        return Change(self._room, "cancelled", shown_as)


def _parts(acts: list[Act]) -> Iterator[list[Act]]:
    for first in range(0, len(acts), ROUND_SIZE):
        yield acts[first : first + ROUND_SIZE]
