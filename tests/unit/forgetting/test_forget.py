"""Forgetting a mailbox leaves no row that names it, and touches no other mailbox."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared import problems
from shared.errors import RequestRejected, ServiceUnavailable
from shared.storage.room_lists import RoomList, room_list_id_of
from shared.storage.watches import watch_id_of
from tests.support.restarted import restarted
from tests.support.world import MAILBOX, START, WATCH_ID, World
from tests.unit.forgetting.conftest import NAMES, OTHER, OTHER_ID, OTHER_NAMES, USER, FilledWorld


def test_every_kind_of_row_names_the_mailbox_before(world: FilledWorld) -> None:
    """So that the tests below search for something: in each table, and of each kind in the table of watches."""
    kinds = {key.partition("/")[0] for key, _ in world.traces(*NAMES)}
    assert {"watch", "waiting", "dead", "replay", "unknown", "off-list", "rollout", "owner", WATCH_ID} <= kinds
    assert any(column == "mailbox" and key.endswith(f"{1:032x}") for key, column in world.traces(MAILBOX))


def test_by_request_no_row_names_it_any_more(world: FilledWorld) -> None:
    """Nor does a subscription at Graph stand; a second call deletes nothing, and says so."""
    before = world.traces(*OTHER_NAMES)
    first = world.mailbox_forgetting.forget(f" {MAILBOX.upper()}", "IT")
    assert world.traces(*NAMES) == []
    assert world.traces(*OTHER_NAMES) == before
    assert {each for each in world.subscriptions.existing if MAILBOX in each} == set()
    assert first.counts == {
        "watches": 1, "subscriptions": 1, "unknownSubscriptions": 1, "ledgerEntries": 3, "parkedChanges": 2,
        "deadLetters": 1, "slotBookings": 1, "replays": 1, "offList": 1, "rollouts": 1, "owners": 1,
    }  # fmt: skip
    assert first.allowed is True
    assert world.mailbox_forgetting.forget(MAILBOX, "IT").counts.total() == 0


def test_the_deletion_of_its_watch_leaves_only_what_stands_at_graph(world: FilledWorld) -> None:
    """A subscription that no watch names is not the watch's: its row says that it stands, and ends with it."""
    world.watch_setup.unsubscribe(WATCH_ID)
    assert {key.partition("/")[0] for key, _ in world.traces(*NAMES)} == {"unknown"}
    assert list(world.subscriptions.existing) == ["u-room1@contoso.com", "s-room2@contoso.com", "u-room2@contoso.com"]


def test_a_second_deletion_keeps_what_was_booked_after_the_first(world: FilledWorld) -> None:
    """A mailbox can be booked without being watched: only what an interrupted deletion left is deleted."""
    world.watch_setup.unsubscribe(WATCH_ID)
    world.pass_by(60)
    world.book(MAILBOX, None, 5)
    world.watch_setup.unsubscribe(WATCH_ID)
    world.old_rows.sweep()
    assert [each.id for each in world.slot_bookings.since(MAILBOX, START)] == [f"{5:032x}"]


def test_a_room_that_leaves_its_list_keeps_its_slot_bookings(world: FilledWorld) -> None:
    """A mistake in a list deletes nothing that does not come back. The rest belongs to the watch."""
    (watch,) = [each for each in world.watches.all() if each.mailbox == MAILBOX]
    world.watches.merge(watch, by_partner=False, room_lists="a" * 32)
    assert world.room_list_service.match_room_lists() == {"left": 1}
    world.pass_by(timedelta(days=1).total_seconds())
    world.old_rows.sweep()
    assert len(world.slot_bookings.since(MAILBOX, START)) == 1
    kinds = {key.partition("/")[0] for key, _ in world.traces(*NAMES)}
    assert not kinds & {"watch", "waiting", "dead", "replay", "rollout", WATCH_ID}


@pytest.mark.parametrize("which", ["its own", "an unknown one"])
def test_nothing_is_deleted_while_a_subscription_may_stand(world: FilledWorld, which: str) -> None:
    """Graph's outage is no answer: the rows stay as they are, except those of the subscription's state."""
    world.subscriptions.refused = "s-" if which == "its own" else "u-"
    with pytest.raises(RequestRejected) as refused:
        world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert (refused.value.problem.status, refused.value.retry_after) == (503, 30)
    kinds = {key.partition("/")[0] for key, _ in world.traces(*NAMES)}
    assert kinds >= ({"watch", "waiting", "dead", "replay", WATCH_ID} if which == "its own" else {"unknown"})
    world.subscriptions.refused = ""
    world.pass_by(300)
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES) == []


def test_a_stopped_relay_forgets(world: FilledWorld) -> None:
    """Forgetting reads no calendar, and lets subscriptions go."""
    world.stopping.stop("an incident", "IT")
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES) == []


def test_the_other_names_of_a_mailbox_are_forgotten_too(world: FilledWorld) -> None:
    """A watch under a former address names the present one, and a watch of an alias names the object id."""
    alias, renamed = "alias@contoso.com", "new@contoso.com"
    world.stray("s-alias", alias)
    world.watch(alias, subscription_id="s-alias", user_id=USER)
    world.book(alias, None, 2)
    world.book(renamed, None, 3)
    (watch,) = [each for each in world.watches.all() if each.mailbox == MAILBOX]
    world.watches.merge(watch, new_address=renamed)
    world.mailbox_forgetting.forget(renamed, "IT")
    assert world.traces(*NAMES, alias, watch_id_of(alias), renamed, watch_id_of(renamed)) == []


@pytest.mark.parametrize("object_id", [USER.upper(), USER])
def test_the_object_id_names_an_alias_in_any_case(world: FilledWorld, object_id: str) -> None:
    """Graph names mailboxes in notifications and in subscriptions, and promises no letter case."""
    alias = "alias@contoso.com"
    world.watch(alias, subscription_id="s-alias", user_id=object_id)
    (watch,) = [each for each in world.watches.all() if each.mailbox == MAILBOX]
    world.watches.merge(watch, user_id=USER.upper() if object_id == USER else USER)
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES, alias, watch_id_of(alias)) == []


def test_a_watch_of_the_present_address_is_forgotten_by_a_former_address(world: FilledWorld) -> None:
    """Also before its object id is known."""
    (watch,) = [each for each in world.watches.all() if each.mailbox == MAILBOX]
    world.watches.merge(watch, new_address=(renamed := "new@contoso.com"))
    world.stray("s-new", renamed)
    world.watch(renamed, subscription_id="s-new", user_id="")
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES, renamed, watch_id_of(renamed)) == []
    assert "s-new" not in world.subscriptions.existing


def test_a_room_of_a_watched_list_is_refused_while_it_would_come_back(world: FilledWorld) -> None:
    """With what to do; once the allow-list does not name it, it is forgotten. A room list is no mailbox."""
    (watch,) = [each for each in world.watches.all() if each.mailbox == MAILBOX]
    room_list = RoomList(room_list_id_of("rooms@contoso.com"), "rooms@contoso.com", world.time)
    world.room_lists.insert(room_list)
    world.watches.merge(watch, room_lists=room_list.id)
    before = world.traces(*NAMES)
    for address in (MAILBOX, "rooms@contoso.com"):
        with pytest.raises(RequestRejected, match=room_list.id) as refused:
            world.mailbox_forgetting.forget(address, "IT")
        assert refused.value.problem is problems.PART_OF_ROOM_LIST
    assert world.traces(*NAMES) == before
    forbidden = forbidding(world)
    assert forbidden.mailbox_forgetting.forget(MAILBOX, "IT").allowed is False
    assert world.traces(*NAMES) == []


def test_rows_that_cannot_be_read_are_deleted(world: FilledWorld) -> None:
    """Damaged ones, or those of a later version: they name the mailbox all the same."""
    for table in (world.parked_rows, world.ledger_rows, world.slot_rows, world.rows):
        for (partition, _), row in table.rows.items():
            if partition not in ("watch", "unknown", "tombstone"):
                row |= {name: "not a time" for name in ("at", "read_at", "start", "asked", "since") if name in row}
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES) == []


@pytest.mark.parametrize("column", ["mailbox", "user_id", "new_address"])
def test_a_watch_that_cannot_be_read_is_not_forgotten(world: FilledWorld, column: str) -> None:
    """Its subscription may stand, so nothing of the mailbox is deleted."""
    found = {"mailbox": (WATCH_ID, MAILBOX), "user_id": (OTHER_ID, USER), "new_address": (OTHER_ID, MAILBOX)}
    watch_id, value = found[column]
    world.rows.rows["watch", watch_id][column] = value
    world.spoil(watch_id)
    before = world.traces(*NAMES)
    with pytest.raises(ServiceUnavailable, match=watch_id):
        world.mailbox_forgetting.forget(MAILBOX, "IT")
    assert world.traces(*NAMES) == before


def test_a_mailbox_that_is_set_up_again_meanwhile_keeps_its_rows(world: FilledWorld) -> None:
    """What is written for the new watch stays."""

    def set_up() -> None:
        world.subscriptions.after_delete = lambda: None
        row = world.watches.get(WATCH_ID)
        assert row is not None
        world.watches.delete(row)
        world.pass_by(60)
        world.watch(born="new")
        world.parking.park(world.hint("N"), world.hint("N").changes, "paused")

    world.subscriptions.after_delete = set_up
    world.mailbox_forgetting.forget_if(MAILBOX, lambda row: row.born != "new")
    assert [row.event_id for row in world.parked.page("waiting", 9, watch_id=WATCH_ID)].count("N") == 1
    assert world.watches.get(WATCH_ID) is not None


def test_what_was_parked_for_a_new_watch_of_the_mailbox_stays(world: FilledWorld) -> None:
    """A removal deletes rows after that of the watch; by then the mailbox may be watched again."""
    old = world.watches.get(WATCH_ID)
    assert old is not None
    world.watches.delete(old)
    world.pass_by(60)
    world.watch(user_id=USER, born="new")
    world.parking.park(world.hint("N"), world.hint("N").changes, "paused")
    counts = world.mailbox_rows.forget(WATCH_ID, old.born)
    assert [row.event_id for row in world.parked.page("waiting", 9, watch_id=WATCH_ID)] == ["N"]
    assert (counts["parkedChanges"], counts["deadLetters"]) == (2, 1)


@pytest.mark.parametrize("address", ["", "nobody", "a b@contoso.com", "room1@contoso.com/x", "a%40b@contoso.com"])
def test_an_invalid_address_is_refused(world: FilledWorld, address: str) -> None:
    """Without its text, and nothing is deleted."""
    with pytest.raises(RequestRejected) as refused:
        world.mailbox_forgetting.forget(address, "IT")
    assert (refused.value.problem.status, address not in str(refused.value) or not address) == (422, True)


def forbidding(world: FilledWorld) -> World:
    """Return the next process, whose allow-list names only the other mailbox."""
    return restarted(world, ALLOWED_MAILBOXES=OTHER)
