"""What persons do in Outlook to events of their own, and what Dataverse shows of it then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.messages import Change
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import BOOKINGS, OLA
from tests.support.pairs_world import PairsWorld


def hour_from_now(world: PairsWorld, hours: float) -> datetime:
    """Return a full hour, in some hours."""
    return world.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)


def times_of(world: PairsWorld, hours: float, length: float = 1) -> dict[str, str]:
    """Return start and end of an event that begins in some hours."""
    start = hour_from_now(world, hours)
    return {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{start + timedelta(hours=length):%Y-%m-%dT%H:%M:%SZ}"}


def add_event(world: PairsWorld, hours: float = 24, mailbox: str = OLA, **more: Any) -> str:
    """Let a person make an event, and return its immutable id."""
    body = {"subject": "Dentist", "direct": True, **times_of(world, hours), **more}
    return str(_control(world, "POST", mailbox, "", body)["immutableId"])


def change_event(world: PairsWorld, event_id: str, mailbox: str = OLA, **changes: Any) -> dict[str, Any]:
    """Let a person change an event, a series by its master, or one date."""
    return _control(world, "PATCH", mailbox, f"/{event_id}", changes)


def move_event(world: PairsWorld, event_id: str, hours: float, mailbox: str = OLA) -> dict[str, Any]:
    """Let a person drag an event to some hours from now."""
    return change_event(world, event_id, mailbox, **times_of(world, hours))


def delete_event(world: PairsWorld, event_id: str, mailbox: str = OLA) -> None:
    """Let a person delete an event for good."""
    _control(world, "DELETE", mailbox, f"/{event_id}")


def bookings(world: PairsWorld) -> list[tuple[str, str, str, str]]:
    """Return name, start, end and the status's name of each booking, by its start."""
    names = {world.dataverse.id_of(f"status:{name}"): name for name in ("Committed", "Canceled", "Cancelled")}
    shown = (
        (row["name"], row["starttime"][:16], row["endtime"][:16], names.get(row["_bookingstatus_value"], "other"))
        for row in _rows(world)
    )
    return sorted(shown, key=lambda each: each[1:])


def booking_ids(world: PairsWorld) -> list[str]:
    """Return the ids of the bookings, by their starts."""
    rows = sorted(_rows(world), key=lambda row: str(row["starttime"]))
    return [str(row["bookableresourcebookingid"]) for row in rows]


def live_times(world: PairsWorld) -> list[tuple[str, str]]:
    """Return start and end of the bookings that are committed."""
    return [each[1:3] for each in bookings(world) if each[3] == "Committed"]


def event_times(world: PairsWorld, mailbox: str = OLA) -> list[tuple[str, str]]:
    """Return start and end of each event."""
    return sorted(each[1:] for each in world.times(mailbox))


def hint(world: PairsWorld, *event_ids: str, mailbox: str = OLA) -> None:
    """Notify the relay of events of a mailbox, and settle."""
    watch = world.watches.get(watch_id_of(mailbox))
    assert watch is not None
    world.event_changes.changed(watch, [Change(watch.id, "user", each) for each in event_ids], world.now())
    world.empty_queue()


def _rows(world: PairsWorld) -> list[dict[str, Any]]:
    return list(world.dataverse.control("GET", f"/rows/{BOOKINGS}")["value"])


def _control(world: PairsWorld, method: str, mailbox: str, path: str, body: Any = None) -> dict[str, Any]:
    url = f"{world.dataverse.graph_url}/_control/calendars/{mailbox}/events{path}"
    answer = world.dataverse.session.request(method, url, json=body, timeout=60)
    assert answer.ok, answer.text
    return dict(answer.json())
