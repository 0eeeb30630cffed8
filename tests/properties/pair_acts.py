"""Drawn edits of dispatchers and persons, and what goes wrong while the relay carries them over."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shared.errors import RelayError
from shared.messages import Change
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import AtCall, KilledAfter, KilledAtCall
from tests.support.pair_edits import behave, bring_back, end_booking, on_event, reassign, tick
from tests.support.pairs_world import PairsWorld

MAILBOXES = (OLA, KARI)
MOST_BOOKINGS = 4  # of one mailbox: fewer removals than the brake holds
EVENT = "/v1.0/users/.*/events"
LAG = 200  # seconds: lists show a new event by then
ROWS = "/api/data/v9.2/bookableresourcebookings"
DISPATCHER = ("book", "book", "linked", "move", "move", "rename", "end", "back", "reassign", "reassign", "travel")
PERSON = ("drag", "delete", "discard", "undelete", "retitle", "free", "invite", "copy")
ENDS = ("deleted", "canceled", "inactive", "proposed")
FAULTS = st.builds(
    lambda match, how, times: {"match": match, "times": times, **how},
    st.sampled_from([f"POST {EVENT}", f"PATCH {EVENT}", f"DELETE {EVENT}", f"GET {EVENT}", "GET .*/calendarView",
                     f"GET {ROWS}", "GET /api/data/v9.2/bookingstatuses"]),
    st.sampled_from([{"status": 401}, {"status": 403}, {"status": 429, "headers": {"Retry-After": "60"}},
                     {"status": 500}, {"status": 503}, {"status": 503, "after": True}, {"cut": True},
                     {"cut": True, "after": True}]),
    st.integers(1, 4),
)  # fmt: skip
KILLS = st.sampled_from(["POST", "PATCH", "DELETE"]) | st.integers(1, 45)
LIES = st.sampled_from([{"missingShare": 0.5}, {"empty": True}, {"stale": True}])


class Act(NamedTuple):
    """One edit, and what goes wrong while the relay carries it over. `killed_at`: a counted call, or a method."""

    kind: str
    which: int = 0
    number: int = 0
    killed_at: int | str | None = None
    fault: dict[str, Any] | None = None
    lie: dict[str, Any] | None = None
    lag: float = 0
    notified: bool = True
    pause: int = 400


def _acts(kinds: tuple[str, ...]) -> st.SearchStrategy[Act]:
    return st.builds(
        Act, st.sampled_from(kinds), st.integers(0, 3), st.integers(0, 3), st.none() | KILLS,
        st.none() | FAULTS, st.none() | LIES, st.sampled_from([0, 0, 0, 40, 120]), st.booleans(),
        st.sampled_from([0, 0, 5, 60, 400, 4_000]),
    )  # fmt: skip


LOST = {"match": f"POST {EVENT}", "status": 503, "after": True, "times": 1}
FORGOTTEN = 4_000  # seconds: Graph knows a transactionId no longer
STORIES = (
    [Act("book", killed_at="POST", notified=False, pause=FORGOTTEN)],
    [Act("linked", which=1, fault=LOST, notified=False, pause=FORGOTTEN)],
    [Act("discard"), Act("undelete")],
    [Act("end", number=1), Act("back")],
    [Act("reassign", number=1, killed_at="POST", notified=False, pause=FORGOTTEN), Act("reassign", fault=LOST)],
)
"""Edits after which a second event is easily made, or left."""
ACTS = st.tuples(
    _acts(("book", "linked")),
    st.lists(_acts(DISPATCHER + PERSON).map(lambda act: [act]) | st.sampled_from(STORIES), min_size=2, max_size=7),
).map(lambda each: [each[0], *(act for acts in each[1] for act in acts)])


class Edits:
    """Carries out edits. `bookings`: how each ended, "" while it lives. `replaceable`: whose event may be another.

    `returning`: the bookings of which a meeting in the calendar may be an old one: the booking went to another resource
    and may be back, or a person restored an event.
    """

    def __init__(self, world: PairsWorld) -> None:
        self.world = world
        self.bookings: dict[str, str] = {}
        self.copies = 0
        self.discarded: list[tuple[str, str]] = []
        self.replaceable: set[str] = set()
        self.returning: set[str] = set()

    def do(self, act: Act) -> None:
        """Carry out an act's edit; one that is not possible now is none."""
        if act.kind in ("book", "linked"):
            self._book(act)
        elif act.kind in PERSON:
            self._of_person(act)
        elif self.bookings:
            self._of_dispatcher(act, sorted(self.bookings)[act.which % len(self.bookings)])

    def _book(self, act: Act) -> None:
        if len(self.bookings) >= MOST_BOOKINGS:
            return
        more = {"msdyn_workorder@odata.bind": self.world.dataverse.work_order()} if act.kind == "linked" else {}
        resource = MAILBOXES[act.number % 2]
        made = self.world.dataverse.book(
            hours=200 + 5 * act.which, resource=resource, name=f"Visit {act.which}", **more
        )
        self.bookings[made] = ""

    def _of_dispatcher(self, act: Act, booking: str) -> None:
        ended = self.bookings[booking]
        if act.kind in ("end", "back", "reassign"):
            self.replaceable.add(booking)
        if act.kind == "back":
            if ended:
                bring_back(self.world, booking, ended)
                self.bookings[booking] = ""
        elif ended:
            return
        elif act.kind == "end":
            self.bookings[booking] = ENDS[act.number]
            end_booking(self.world, booking, ENDS[act.number])
        elif act.kind == "move":
            self.world.move(booking, 300 + 7 * act.number)
        elif act.kind == "rename":
            self.world.change(booking, name=f"Renamed {act.number}")
        elif act.kind == "reassign":
            self.returning.add(booking)
            reassign(self.world, booking, MAILBOXES[act.number % 2])
        else:
            self.world.change(booking, msdyn_estimatedtravelduration=act.number)

    def _of_person(self, act: Act) -> None:
        """Act on an event of the relay, through Graph's control and its behaviours."""
        if act.kind == "undelete":
            if self.discarded:
                self.replaceable |= self.bookings.keys()
                self.returning |= self.bookings.keys()
                on_event(self.world, *self.discarded.pop(), "restore")
            return
        found = own_events(self.world)
        if not found:
            return
        mailbox, event = found[act.which % len(found)]
        if act.kind in ("discard", "delete", "invite"):
            self.replaceable.add(booking_in(event))
        hour = f"2026-12-2{act.number}T1{act.number}"
        times = {"start": f"{hour}:00:00Z", "end": f"{hour}:30:00Z"}
        if act.kind == "discard":
            self.discarded.append((mailbox, event["immutableId"]))  # the other id changes
            on_event(self.world, mailbox, event["id"], "softDelete")
        elif act.kind == "copy":
            self.copies += 1
            on_event(self.world, mailbox, event["id"], "copy", {**times, "bare": act.number % 2 == 0})
        elif act.kind == "delete":
            self._control("DELETE", mailbox, event["id"], None)
        else:
            invited = [{"emailAddress": {"address": "guest@fabrikam.com"}, "type": "required"}]
            body = {"drag": times, "retitle": {"subject": "Mine"}, "free": {"showAs": "free"},
                    "invite": {"attendees": invited}}[act.kind]  # fmt: skip
            self._control("PATCH", mailbox, event["id"], body)

    def _control(self, method: str, mailbox: str, event_id: str, body: Any) -> None:
        url = f"{self.world.dataverse.graph_url}/_control/calendars/{mailbox}/events/{event_id}"
        answer = self.world.dataverse.session.request(method, url, json=body, timeout=60)
        assert answer.ok, answer.text


def carried_over(world: PairsWorld, act: Act) -> None:
    """Let the relay carry over what changed, while the act's troubles happen; then they end, and the timer runs."""
    behave(world)
    if act.lag:
        behave(world, createdUnseenSeconds=act.lag / 4, listLagSeconds=act.lag)
    if act.fault and "api/data" in act.fault["match"]:
        world.dataverse.control("POST", "/faults", act.fault)
    elif act.fault:
        world.tenant_fault(act.fault)
    if act.lie:
        world.dataverse.control("POST", "/lies", act.lie)
    waiting = list(world.queue.messages)
    with _killer(world, act.killed_at) as killer, suppress(RelayError):
        world.follow.run()
        waiting = list(world.queue.messages)
        world.empty_queue()
    if killer.reached:
        world.queue.messages.extend(each for each in waiting if each not in world.queue.messages)
    tick(world, act.pause)
    if act.notified or act.kind == "undelete":  # only Graph tells that an old event is there again
        notify(world)
    end_troubles(world)
    tick(world, LAG)
    world.follow_on()


def _killer(world: PairsWorld, killed_at: int | str | None) -> AtCall:
    return KilledAfter(world, killed_at) if isinstance(killed_at, str) else KilledAtCall(world, killed_at or 0)


def end_troubles(world: PairsWorld) -> None:
    """End faults and untrue answers; what was made stays late."""
    world.dataverse.control("DELETE", "/faults")
    world.dataverse.control("DELETE", "/lies")
    url = f"{world.dataverse.graph_url}/_control/faults"
    assert world.dataverse.session.delete(url, timeout=60).ok


def notify(world: PairsWorld) -> None:
    """Notify the relay of every event that is there, and of those of its pairs, as Graph does late; and settle."""
    pairs = [pair.event_id for pair in world.pairs.all() if pair.event_id]
    for mailbox in MAILBOXES:
        watch = world.watches.get(watch_id_of(mailbox))
        assert watch is not None
        ids = dict.fromkeys([*(each["immutableId"] for each in events_in(world, mailbox)), *pairs])
        world.event_changes.changed(watch, [Change(watch.id, "user", each) for each in ids], world.now())
    world.empty_queue()


def events_in(world: PairsWorld, mailbox: str) -> list[dict[str, Any]]:
    """Return the events of a mailbox as they are, whatever lists show."""
    answer = world.dataverse.session.get(f"{world.dataverse.graph_url}/_control/calendars/{mailbox}", timeout=60)
    return list(answer.json()["value"])


def own_events(world: PairsWorld) -> list[tuple[str, dict[str, Any]]]:
    """Return the events that the relay made and that are there, each with its mailbox; copies have no transactionId."""
    found = [(mailbox, each) for mailbox in MAILBOXES for each in events_in(world, mailbox) if each["transactionId"]]
    return sorted(found, key=lambda each: each[1]["id"])


def booking_in(event: dict[str, Any]) -> str:
    """Return the booking of an event that the relay made, by its mark."""
    return str(next(iter(event["extendedProperties"].values()))).rpartition("/")[2]


def touched(world: PairsWorld, bookings: list[str]) -> None:
    """Move and rename bookings: what persons did to the events of before then counts no longer."""
    for number, booking in enumerate(bookings):
        world.move(booking, 400 + 9 * number, name=f"At rest {number}")
