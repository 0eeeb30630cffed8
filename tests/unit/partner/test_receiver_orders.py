"""The receivers of the guide and of the sandbox end with the newest state, in whatever order deliveries arrive."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import Any

import pytest

from sandbox.partner.receive import Calendars
from tests.support.receivers import MAILBOX, Delivery, GuideReceiver, SandboxReceiver, Sender, newest

History = tuple[tuple[str, str], ...]  # the event and the kind of each delivery
HISTORIES: dict[str, History] = {
    "changed, deleted and restored": tuple(
        ("E", kind) for kind in ("created", "updated", "deleted", "created", "updated", "updated")
    ),
    "deleted again and again": tuple(
        ("E", kind) for kind in ("created", "deleted", "created", "deleted", "created", "deleted")
    ),
    "never heard of": tuple(("E", kind) for kind in ("deleted", "updated", "deleted", "updated", "deleted", "updated")),
    "created for what is known": tuple(
        ("E", kind) for kind in ("created", "created", "updated", "created", "deleted", "created")
    ),
    "a series made single": (
        ("O", "created"), ("O", "updated"), ("S", "created"), ("O", "deleted"), ("S", "updated"), ("S", "updated"),
    ),
    "a single event made a series": (
        ("S", "created"), ("S", "updated"), ("S", "deleted"), ("O", "created"), ("O", "updated"), ("O", "deleted"),
    ),
}  # fmt: skip
Reusable = GuideReceiver | SandboxReceiver


@pytest.fixture(params=["guide", "sandbox"])
def receiver(request: pytest.FixtureRequest) -> Iterator[Reusable]:
    """Return each of the receivers."""
    made: Reusable = GuideReceiver() if request.param == "guide" else SandboxReceiver()
    yield made
    if isinstance(made, GuideReceiver):
        made.database.close()


def sent(history: History) -> list[Delivery]:
    """Return the deliveries of a history."""
    sender = Sender()
    return [sender.send(event_id, kind) for event_id, kind in history]


def repeated(history: History, lost: int) -> list[Delivery]:
    """Return the deliveries of a history in which the answer of one was lost: its state was sent again."""
    sender, deliveries = Sender(), []
    for number, (event_id, kind) in enumerate(history):
        deliveries.append(sender.send(event_id, kind))
        if number == lost:
            deliveries.append(sender.again(deliveries[-1]))
    return deliveries


def subsets(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, ...]]:
    """Yield the deliveries that may arrive: always the newest of each event, any or none of the earlier ones."""
    expected = newest(deliveries)
    for size in range(1, len(deliveries) + 1):
        for arrived in combinations(deliveries, size):
            is_whole = {each.event_id for each in arrived} == {each.event_id for each in deliveries}
            if is_whole and newest(arrived) == expected and _has_newest(arrived, deliveries):
                yield arrived


def _has_newest(arrived: Sequence[Delivery], deliveries: Sequence[Delivery]) -> bool:
    last = {each.event_id: each.webhook_id for each in deliveries}
    return set(last.values()) <= {each.webhook_id for each in arrived}


def check(receiver: Reusable, arrived: Sequence[Delivery]) -> int:
    """Take deliveries in every order; return the number of orders."""
    expected, number = newest(arrived), 0
    for order in permutations(arrived):
        receiver.empty()
        for delivery in order:
            receiver.take(delivery)
        assert receiver.states() == expected, [(each.webhook_id, each.timestamp) for each in order]
        number += 1
    return number


@pytest.mark.parametrize("name", HISTORIES)
def test_every_order_of_six_deliveries_ends_with_the_newest(receiver: Reusable, name: str) -> None:
    """Also when earlier ones never arrive, because a later state replaced them."""
    deliveries = sent(HISTORIES[name])
    assert sum(check(receiver, arrived) for arrived in subsets(deliveries)) > 720


@pytest.mark.parametrize("name", ["changed, deleted and restored", "a series made single"])
def test_every_order_with_a_lost_answer_ends_with_the_newest(receiver: Reusable, name: str) -> None:
    """Each of five deliveries in turn was taken, its answer lost, and its state sent again under the same id."""
    history, orders = HISTORIES[name][1:], 0
    for lost in range(len(history)):
        for arrived in subsets(repeated(history, lost)):
            if len({each.webhook_id for each in arrived}) < len(arrived):  # else no state arrives twice
                orders += check(receiver, arrived)
    assert orders > 5 * 720


def test_a_repetition_is_not_applied_again(receiver: Reusable) -> None:
    """Nor is a delivery that was outdated when it arrived: its id is taken, too."""
    sender = Sender()
    first, second = sender.send("E", "created"), sender.send("E", "updated")
    for delivery in (second, first):
        receiver.take(delivery)
    for delivery in (first, second):
        later = sender.again(delivery)
        receiver.take(later)
        receiver.drop_before(later.timestamp)  # drops the event, unless the repetition changed its time
        assert receiver.states() == {}


def test_a_removed_watch_leaves_nothing_behind(receiver: Reusable) -> None:
    """Of the earlier watch's events, those that a new watch delivers again stay, whatever arrives late."""
    sender = Sender()
    kept, gone, late = (sender.send(name, "created") for name in ("kept", "gone", "late"))
    created = sender.now()
    again = sender.send("kept", "created")
    for delivery in (kept, gone, again, late):
        receiver.take(delivery)
    receiver.drop_before(created)
    assert receiver.states() == {"kept": again.state}


def test_within_a_second_the_later_arrival_wins(receiver: Reusable) -> None:
    """As earlier versions of the relay could deliver two states with one timestamp."""
    first = Sender().send("E", "created")
    second = Sender().again(first)
    body = json.loads(second.body)
    body["data"]["event"]["title"] = "second"
    receiver.take(first)
    receiver.take(Delivery("msg_2", "E", "second", first.timestamp, json.dumps(body).encode()))
    assert receiver.states() == {"E": "second"}


@pytest.mark.parametrize("kind", ["moved", "created.again"])
def test_a_type_of_a_later_version_is_ignored(kind: str) -> None:
    """Both receivers accept it without a change; the sandbox's reports it."""
    sender = Sender()
    body = json.loads(sender.send("E", "created").body) | {"type": f"calendar.event.{kind}"}
    guide, sandbox = GuideReceiver(), SandboxReceiver()
    guide.take_in(guide.database, "msg_1", body)
    guide.take_in(guide.database, "msg_2", {"type": "calendar.snapshot", "timestamp": body["timestamp"]})
    receipt = sandbox.receiver.receive({"webhook-id": "msg_1"}, json.dumps(body).encode())
    assert (receipt.status, receipt.violations) == (204, ("payload.type: not allowed by the contract",))
    assert (guide.states(), sandbox.states()) == ({}, {})
    guide.database.close()


class Killed(Exception):
    """The process ends here."""


def test_a_kill_between_the_id_and_the_event_loses_nothing_in_the_guide() -> None:
    """Both are written in one transaction, so the repetition is taken."""
    guide, sender = GuideReceiver(), Sender()
    first = sender.send("E", "created")

    class Dies(sqlite3.Connection):
        """Ends the process at the write of the event."""

        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            """Execute a statement."""
            if sql.startswith("INSERT INTO events"):
                raise Killed
            return super().execute(sql, *rest)

    database = sqlite3.connect(":memory:", factory=Dies)
    guide.database.backup(database)
    with pytest.raises(Killed):
        guide.take_in(database, first.webhook_id, json.loads(first.body))
    database.backup(guide.database)
    database.close()
    guide.take(sender.again(first))
    assert guide.states() == {"E": first.state}
    guide.database.close()


def test_a_kill_between_the_event_and_the_id_loses_nothing_in_the_sandbox() -> None:
    """The event is applied again by the repetition, unless a newer one was applied meanwhile."""

    class Dies(Calendars):
        """Ends the process after the event was applied, once."""

        dies = True

        def apply(self, payload: Any) -> bool:
            """Apply one delivery's JSON."""
            applied = super().apply(payload)
            if self.dies:
                self.dies = False
                raise Killed
            return applied

    sandbox, sender = SandboxReceiver(Dies()), Sender()
    first = sender.send("E", "created")
    with pytest.raises(Killed):
        sandbox.take(first)
    again, second = sender.again(first), sender.send("E", "updated")
    for delivery in (second, again):
        sandbox.take(delivery)
    assert sandbox.states() == {"E": second.state}
    assert set(sandbox.calendars.mailboxes) == {MAILBOX}
