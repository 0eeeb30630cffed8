"""Claims about forgetting, on the running stack: no table, queue or blob names the mailbox, its object id or its watch.

Each way to forget begins with a mailbox that everything stored can be about: deliveries, parked changes, dead letters,
replays, slot bookings and messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.stack import Stack
from shared.messages import Change, ChangeMessage, Job, write_changes, write_jobs
from shared.storage.queues import CHANGES, REPAIRS, WORK
from tests.support import scheduling_calls
from tests.support.command_line import CommandLine
from tests.support.relay import SETTINGS, Relay
from tests.support.restartable_relay import free_port, relay_with
from tests.support.stored import Stored
from tests.support.waiting import eventually

FEATURES = {"FEATURES": "relay,scheduling"}
REJECTED = 422
Way = Callable[[Relay, "Traced"], Any]


@dataclass(frozen=True)
class Traced:
    """What names a mailbox."""

    address: str
    object_id: str
    watch_id: str

    @property
    def names(self) -> tuple[str, ...]:
        """What must not be found."""
        return self.address, self.object_id, self.watch_id


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack without a host: deliveries are paused, and the settings change."""
    with Stack(tmp_path_factory.mktemp("forget"), SETTINGS | FEATURES, {}, host=False) as stack:
        yield stack


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port of all hosts: the address that Graph posts to stays the same."""
    return free_port()


def stored(relay: Relay) -> Stored:
    """Return everything that is stored."""
    return Stored(relay.stack.azurite.connection_string)


def filled(relay: Relay) -> Traced:
    """Watch a mailbox, and make the relay store all that it can about it."""
    relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
    operate(relay, "resume")
    address = scheduling_calls.agent(relay)
    relay.api.watch(address)
    relay.book(address, days=1)
    relay.in_step(address)
    (watch,) = relay.watches(address)
    traced = Traced(address, object_id_of(relay, watch["id"]), watch["id"])
    assert (
        relay.api.call("POST", "/dead-letters/replay", json={"watch": traced.watch_id}, key="master").status_code == 202
    )
    relay.fail(address, status=REJECTED)
    relay.book(address, days=2)
    eventually(lambda: letters(relay, traced))
    operate(relay, "pause")
    relay.book(address, days=3)
    eventually(lambda: "table parked: waiting" in str(stored(relay).traces([traced.watch_id])))
    assert scheduling_calls.book(relay, address, 10, key="a-key").status_code == 201
    return traced


def letters(relay: Relay, traced: Traced) -> list[dict[str, Any]]:
    """Return the dead letters of the watch."""
    answer = relay.api.call("GET", "/dead-letters", params={"watch": traced.watch_id}, key="master")
    listed: list[dict[str, Any]] = answer.json()["value"]
    return listed


def object_id_of(relay: Relay, watch_id: str) -> str:
    """Return the object id that the relay has learnt from notifications."""
    table = relay.table("watches")
    return str(eventually(lambda: table.get_entity("watch", watch_id)["user_id"]))


def operate(relay: Relay, operation: str) -> None:
    """Pause or resume deliveries."""
    answer = relay.api.call("POST", f"/relay/{operation}", json={"reason": "a test"}, key="master")
    assert answer.status_code == 200, answer.text


def by_deletion(relay: Relay, traced: Traced) -> None:
    """The partner removes its watch."""
    assert relay.api.call("DELETE", f"/subscriptions/{traced.watch_id}").status_code == 204


def by_request(relay: Relay, traced: Traced) -> None:
    """IT calls the route, with a token, and once more."""
    token = relay.token("Relay.Admin")
    first, second = (
        relay.api.call("POST", "/relay/forget", json={"mailbox": traced.address}, token=token) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 200), first.text
    counts = first.json()
    assert {name for name, count in counts.items() if count is not True and count < 1} == {"unknownSubscriptions"}
    assert set(second.json().values()) == {0, True}


def by_command(relay: Relay, traced: Traced) -> None:
    """IT uses the command line."""
    done = CommandLine(relay)("forget", traced.address.upper(), "--yes")
    assert done.code == 0, done.err
    assert "1 slot bookings" in " ".join(done.out.split())


@pytest.mark.parametrize("way", [by_deletion, by_request, by_command], ids=lambda way: way.__name__)
def test_nothing_names_a_forgotten_mailbox(stack: Stack, port: int, way: Way) -> None:
    """Nor do the messages that were on a queue: they are dropped when they are read, also during a pause."""
    with relay_with(stack, port) as relay:
        traced = filled(relay)
        before = str(stored(relay).traces(traced.names))
        for kind in ("watches: watch", "watches: replay", "parked: waiting", "parked: dead", "ledger", "slots"):
            assert f"table {kind}" in before, kind
        way(relay, traced)
        for queue, text in late_messages(traced):
            relay.put(queue, text)
        relay.quiet()
        eventually(lambda: not stored(relay).traces(traced.names), every=0.5)
        assert relay.subscriptions(traced.address) == []
        pass_night(relay)  # it finds nothing to do, and writes nothing
        assert stored(relay).traces(traced.names) == []


def late_messages(traced: Traced) -> list[tuple[str, str]]:
    """Return messages about the mailbox that were delayed when it was forgotten."""
    message = ChangeMessage(datetime.now(UTC), (Change(traced.watch_id, traced.object_id, "late"),), skip_settling=True)
    jobs = [(REPAIRS, "resync"), (REPAIRS, "missed"), (WORK, "lookup")]
    return [
        *((CHANGES, text) for text in write_changes(message)),
        *((queue, text) for queue, kind in jobs for text in write_jobs([Job(traced.watch_id, kind)])),
    ]


def test_a_mailbox_that_left_the_list_is_forgotten_after_thirty_nights(stack: Stack, port: int) -> None:
    """The first nights pause its watch and delete nothing."""
    with relay_with(stack, port) as relay:
        traced = filled(relay)
    with relay_with(stack, port, ALLOWED_MAILBOXES="someone@contoso.com") as relay:
        relay.reconcile()
        eventually(lambda: relay.watches(traced.address)[0]["state"] == "paused")
        kept = len(stored(relay).traces(traced.names))
        pass_night(relay)
        row = dict(relay.table("watches").get_entity("off-list", traced.watch_id))
        assert len(stored(relay).traces(traced.names)) == kept + 1  # since when it is off the list
        row |= {"since": ago(days=30, minutes=1), "seen": ago(days=1)}
        relay.table("watches").update_entity(row)
        age_pause(relay, traced)
        pass_night(relay)
        assert stored(relay).traces(traced.names) == []


def pass_night(relay: Relay) -> None:
    """Let a night pass: its steps follow each other by messages."""
    log, ended = relay.stack.host.log, "repairs=1 kind=cleanup end=looked"
    before = log.read_text().count(ended)
    relay.api.run("resync_calendars")
    eventually(lambda: log.read_text().count(ended) == before + len(("watches", "slots")), every=0.5)
    relay.quiet()


def age_pause(relay: Relay, traced: Traced) -> None:
    """Let the watch have been paused before the first night."""
    row = {"PartitionKey": "watch", "RowKey": traced.watch_id, "since": ago(days=31)}
    relay.table("watches").update_entity(row)


def ago(**delta: float) -> str:
    """Return a past time as stored."""
    return (datetime.now(UTC) - timedelta(**delta)).isoformat()
