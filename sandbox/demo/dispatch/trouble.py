"""The acts of the day that a sync may get wrong: put back, restored, held by the brake, and killed in the middle."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError
from azure.data.tables import TableClient, UpdateMode

from sandbox.demo.dispatch.day import DEPOT_CHECKS, Day, Visit
from sandbox.demo.dispatch.plan import Key
from sandbox.demo.dispatch.reading import KARI, OLA, Booking, Event, Sides, utc
from sandbox.demo.dispatch.stage import shown_all, shown_at
from sandbox.demo.dispatch.starting import restart

RECOVERY_SECONDS = 200.0
"""The claim of a killed worker ends after two minutes."""


class Trouble:
    """The acts; `day` has planned the visits."""

    def __init__(self, day: Day) -> None:
        self._day, self._stage, self._stack, self._plan = day, day.stage, day.stack, day.plan
        self._killed: Key | None = None

    def kill(self) -> None:
        """Kill the relay after Dataverse has made a booking for Kari's event, and before the relay has noted it."""
        key = self._day.key(KARI, 18)
        stop = self._stack.dataverse.control("POST", "/stops", {"match": "PATCH .*bookableresourcebookings"})["id"]
        self._day.add_event(key, self._plan.subject("Handover"))
        is_held = self._stack.dataverse.control("GET", f"/stops/{stop}", seconds="60")["held"]
        self._stack.host.kill()
        self._stack.dataverse.control("DELETE", f"/stops/{stop}")
        self._stage.wait("Kari", "adds Handover; kill -9 between the write and its note", lambda _: bool(is_held),
                         lambda sides: shown_at(sides, key), 0)  # fmt: skip
        restart(self._stack, self._stage.app)
        self._killed = key

    def recover(self) -> None:
        """Wait until the relay, started again, has gone on with what it was killed at."""
        if self._killed is None:
            return
        key = self._killed

        def is_paired(sides: Sides) -> bool:
            states = {each["RowKey"]: each["state"] for each in self._pairs()}
            ids = [each.id.replace("-", "") for each in sides.at(KARI, key.start)]
            return bool(ids) and all(states.get(each) == "paired" for each in ids)

        patience = max(self._stage.patience, RECOVERY_SECONDS)
        self._stage.wait("relay", "goes on with Handover, two minutes after the kill", is_paired,
                         lambda sides: shown_at(sides, key), patience)  # fmt: skip

    def drag_under_way(self) -> None:
        """Kari starts a visit, and drags it in Outlook: it is put back, since she is there."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        planned = Key(KARI, utc(now - timedelta(minutes=10)), utc(now + timedelta(minutes=50)))
        visit = self._day.book("Pump room", planned, **self._stack.dataverse.work_order())
        self._stage.await_key("dispatcher", "plans Pump room for Kari, now", planned)
        self._stack.dataverse.change(visit.id, by="technician", status="In Progress")
        self._stage.until(lambda: self._end_of(visit.id) != planned.end)  # Field Service moves it to the actual end
        key = self._plan.move(planned, planned._replace(end=self._end_of(visit.id)))
        self._stage.await_key("Kari", "arrives: In Progress, and Field Service moves the end", key)
        event, later = self._day.event_of(visit), self._day.key(KARI, 20)
        if event is None:
            return
        self._stack.tenant.change(KARI, event.id, start=later.start[:-1], end=later.end[:-1])
        self._stage.wait("Kari", "drags it to tomorrow in Outlook: put back", lambda sides: _is_at(sides, event, key),
                         lambda sides: shown_at(sides, key))  # fmt: skip

    def let_time_pass(self) -> None:
        """Set back when the relay last wrote: for three minutes it does not believe that an event of its own is gone,
        because Graph may not show it yet.
        """
        self._stage.until(lambda: not any(list(map(self._set_back, self._pairs()))))
        print("-- three minutes pass: the demonstration sets the times of the relay's own writes back", flush=True)

    def delete_of_work_order(self) -> None:
        """Ola deletes the event of a customer's visit: it comes back."""
        visit = self._day.visits["Lift"]
        event = self._day.event_of(visit)
        if event is None:
            return
        self._stack.tenant.remove(OLA, event.id)

        def is_back(sides: Sides) -> bool:
            return [each for each in sides.of(visit.id) if each.id != event.id] != []

        self._stage.wait("Ola", "deletes the event of Lift, a work order: it comes back", is_back,
                         lambda sides: shown_at(sides, visit.key))  # fmt: skip

    def delete_many(self) -> None:
        """A script deletes half of Ola's calendar: the brake holds, and all bookings stay. Then IT releases it."""
        checks = [self._day.visits[f"Depot check {number + 1}"] for number in range(DEPOT_CHECKS)]
        for event in filter(None, map(self._day.event_of, checks)):
            self._stack.tenant.remove(OLA, event.id)
        self._stage.wait("a script", f"deletes {len(checks)} events of Ola: held by the brake",
                         lambda sides: self._is_held() and len(_live(checks, sides)) == len(checks),
                         lambda sides: _shown(checks, sides))  # fmt: skip
        for visit in checks:
            self._plan.drop(visit.key)
        self._stack.relay.call("POST", "/dataverse/release", key="master", json={"mailbox": OLA})
        self._stage.wait("IT", "releases Ola's mailbox: the checks are canceled",
                         lambda sides: not _live(checks, sides), lambda sides: _shown(checks, sides))  # fmt: skip

    def acts(self) -> dict[str, Callable[[], None]]:
        """Return the acts by name, in the order of the day."""
        return {
            "under-way": self.drag_under_way, "later": self.let_time_pass, "work-order": self.delete_of_work_order,
            "many": self.delete_many,
        }  # fmt: skip

    def _end_of(self, booking_id: str) -> str:
        booking = self._day.sides().booking(booking_id)
        return booking.end if booking is not None else ""

    def _is_held(self) -> bool:
        status = self._stack.relay.call("GET", "/dataverse", key="master")
        return bool(status.ok and status.json()["mailboxesHeld"])

    def _set_back(self, row: dict[str, Any]) -> bool:
        """Take the times of writes out of a row that no worker has; return whether it still has some."""
        if row["state"] != "paired" or not row.get("writes"):
            return False
        if not row.get("claimed_until"):
            key = {name: row[name] for name in ("PartitionKey", "RowKey")}
            with self._table() as table, suppress(ResourceModifiedError):
                table.update_entity({**key, "writes": ""}, mode=UpdateMode.MERGE, etag=row["etag"],
                                    match_condition=MatchConditions.IfNotModified)  # fmt: skip
        return True

    def _pairs(self) -> list[dict[str, Any]]:
        """Return the relay's rows of pairs, each with its etag."""
        with self._table() as table:
            return [{**row, "etag": row.metadata["etag"]} for row in table.query_entities("PartitionKey eq 'pair'")]

    def _table(self) -> TableClient:
        return TableClient.from_connection_string(self._stack.azurite.connection_string, "pairs")


def _is_at(sides: Sides, event: Event, key: Key) -> bool:
    shown = sides.event(event.id)
    return shown is not None and (shown.start, shown.end) == (key.start, key.end)


def _live(visits: list[Visit], sides: Sides) -> list[Booking]:
    return [booking for each in visits if (booking := sides.booking(each.id)) is not None]


def _shown(visits: list[Visit], sides: Sides) -> tuple[str, str]:
    return shown_all(_live(visits, sides), [event for each in visits for event in sides.of(each.id)])
