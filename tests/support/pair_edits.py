"""What dispatchers, persons and Graph do to the bookings and events of a world of pairs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.tenant.graph.service import graph_of
from tests.support.dataverse_world import BOOKINGS, OLA
from tests.support.pairs_world import PairsWorld


def behave(world: PairsWorld, **behaviours: float) -> None:
    """Switch behaviours of Graph on, each with one value; without any, all off."""
    switches = graph_of(world.dataverse.tenant).switches
    for name, value in behaviours.items():
        switches.switch(name, value)
    if not behaviours:
        switches.clear()


def tick(world: PairsWorld, seconds: float) -> None:
    """Let time pass."""
    world.dataverse.tenant.clock.advance(seconds)


def linked(world: PairsWorld, **more: Any) -> str:
    """Make a booking with a work order."""
    return world.dataverse.book(**{"msdyn_workorder@odata.bind": world.dataverse.work_order(), **more})


def reassign(world: PairsWorld, booking: str, mailbox: str) -> None:
    """Give a booking to the resource of another mailbox."""
    resource = world.dataverse.id_of(f"resource:{mailbox}")
    world.change(booking, **{"Resource@odata.bind": f"/bookableresources({resource})"})


def set_status(world: PairsWorld, booking: str, name: str) -> None:
    """Give a booking a status by its name."""
    status = world.dataverse.id_of(f"status:{name}")
    world.change(booking, **{"BookingStatus@odata.bind": f"/bookingstatuses({status})"})


def end_booking(world: PairsWorld, booking: str, how: str) -> None:
    """End a booking: deleted, inactive, canceled, or proposed."""
    if how == "deleted":
        world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    elif how == "inactive":
        world.change(booking, statecode=1, statuscode=2)
    else:
        set_status(world, booking, "Cancelled" if how == "canceled" else "Proposed")


def bring_back(world: PairsWorld, booking: str, how: str) -> None:
    """Undo end_booking."""
    if how == "deleted":
        world.dataverse.control("POST", f"/rows/{BOOKINGS}/{booking}/restore")
    elif how == "inactive":
        world.change(booking, statecode=0, statuscode=1)
    else:
        set_status(world, booking, "Committed")


def on_event(world: PairsWorld, mailbox: str, event_id: str, act: str, body: Any = None) -> dict[str, Any]:
    """Let a person act on an event in Outlook: softDelete, restore or copy; return it."""
    url = f"{world.dataverse.graph_url}/_control/calendars/{mailbox}/events/{event_id}/{act}"
    answer = world.dataverse.session.post(url, json=body, timeout=60)
    assert answer.ok, answer.text
    return dict(answer.json())


def shown(world: PairsWorld, booking: str) -> tuple[str, str, str]:
    """Return subject, start and end of the event that a booking should have."""
    row = world.dataverse.row(booking)
    return row["name"], row["starttime"][:16], row["endtime"][:16]


def process_next(world: PairsWorld) -> None:
    """Process the first message of the queue, when it becomes visible."""
    wait, text = world.queue.take()
    tick(world, wait)
    world.pair_settling.process(text)


def creations(world: PairsWorld) -> list[str]:
    """Return the mailboxes of the requests to create an event, in order."""
    return [path.split("/users/")[1].split("/")[0] for method, path in world.to_graph.calls if method == "POST"]


def drag(world: PairsWorld, hours: float, mailbox: str = OLA) -> None:
    """Let a person move the only event of a calendar, to some hours from now."""
    (event,) = world.calendar(mailbox)
    start = (world.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    body = {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}
    url = f"{world.dataverse.graph_url}/_control/calendars/{mailbox}/events/{event['id']}"
    answer = world.dataverse.session.patch(url, json=body, timeout=60)
    assert answer.ok, answer.text


def remove_event(world: PairsWorld, mailbox: str = OLA) -> None:
    """Let a person delete the only event of a calendar for good."""
    (event,) = world.calendar(mailbox)
    url = f"{world.dataverse.graph_url}/_control/calendars/{mailbox}/events/{event['id']}"
    answer = world.dataverse.session.delete(url, timeout=60)
    assert answer.ok, answer.text
