"""Whose calendar answers under an address that only a suffix of ALLOWED_MAILBOXES allows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ConfigurationError, GraphForbidden, GraphNotFound, GraphUnavailable, RequestRejected
from shared.policy.mailbox_owners import MOST_REMEMBERED, REMEMBERED_FOR
from shared.policy.owner import KEPT, hashed, new_reading
from shared.policy.permission import Verb
from tests.support.restarted import restarted
from tests.support.world import MAILBOX, World

CHIEF = "chief@fabrikam.com"
CALLS: tuple[Verb, ...] = ("set-up", "read", "write")


def enforcing(world: World, owner: str | Exception = CHIEF, **settings: str) -> World:
    """Return a process with OWNER_CHECK=enforce, in which this owner answers for the room."""
    world.events.owners[MAILBOX] = owner
    return restarted(world, OWNER_CHECK="enforce", **settings)


def answer(world: World, verb: Verb = "read", mailbox: str = MAILBOX) -> tuple[bool | None, str]:
    """Return whether a caller may do something, and what forbids it."""
    decision = world.permission.may(None, mailbox, "", "partner", verb)
    return decision.allowed, decision.cause


@pytest.mark.parametrize("verb", CALLS)
def test_the_mailbox_of_another_owner_is_forbidden(world: World, verb: Verb) -> None:
    """With a code of its own, which does not say who the owner is."""
    decision = enforcing(world).permission.may(None, MAILBOX, "", "partner", verb)
    assert (decision.allowed, decision.cause) == (False, "owner")
    assert isinstance(decision.error, RequestRejected)
    assert (decision.error.problem.status, decision.error.problem.code) == (403, "mailbox_owner_not_allowed")
    assert "chief" not in str(decision.error)


@pytest.mark.parametrize("verb", CALLS)
def test_by_default_another_owner_forbids_nothing(world: World, verb: Verb) -> None:
    """OWNER_CHECK=warn: it is asked for, and shown."""
    world.events.owners[MAILBOX] = CHIEF
    assert answer(world, verb) == (True, "")
    assert world.events.owner_reads == [MAILBOX]


@pytest.mark.parametrize(
    "owner", [MAILBOX, "ROOM1@Contoso.com", " room1@contoso.com", "another@contoso.com", "Another@CONTOSO.COM"]
)
@pytest.mark.parametrize("verb", CALLS)
def test_the_same_or_an_allowed_owner_is_fine(world: World, owner: str, verb: Verb) -> None:
    """Without regard to case."""
    assert answer(enforcing(world, owner), verb) == (True, "")


@pytest.mark.parametrize("owner", ["room1@sub.contoso.com", "room1@contoso.com.evil.example", "x@onmicrosoft.com"])
def test_a_domain_that_only_looks_alike_is_another(world: World, owner: str) -> None:
    """A suffix covers its domain, and no subdomain."""
    assert answer(enforcing(world, owner)) == (False, "owner")


@pytest.mark.parametrize(
    "owner",
    [
        "", "no address", "@contoso.com", "chief@", "a@b@c", "/o=ExchangeLabs/cn=Recipients/cn=chief", "EX:/o=x@y",
        GraphUnavailable(503, "x"), GraphUnavailable(0, "ConnectTimeout"), GraphForbidden(403, "ErrorAccessDenied"),
        GraphNotFound(404, "ErrorInvalidUser"), ConfigurationError("KEY_VAULT_URI", "is not set"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("verb", CALLS)
def test_an_owner_that_is_unknown_forbids_nothing(world: World, owner: str | Exception, verb: Verb) -> None:
    """Graph names none, or what is no address of Exchange's users; or it cannot be asked."""
    enforced = enforcing(world, owner)
    decision = enforced.permission.may(None, MAILBOX, "", "partner", verb)
    assert decision.allowed is True
    assert decision.owner is not None
    assert enforced.mailbox_owners.state(MAILBOX, decision.owner) == "unknown"


@pytest.mark.parametrize("owner", ["", GraphUnavailable(503, "x"), GraphNotFound(404, "ErrorInvalidUser")], ids=str)
def test_the_last_answer_stays_while_the_owner_is_unknown(world: World, owner: str | Exception) -> None:
    """An outage opens nothing that was closed, and closes nothing that was open."""
    world = enforcing(world)
    assert answer(world) == (False, "owner")
    world.events.owners[MAILBOX] = owner
    world.pass_by(timedelta(hours=25).total_seconds())
    assert answer(world) == (False, "owner")
    assert len(world.events.owner_reads) == 2
    room2 = "room2@contoso.com"
    assert answer(world, mailbox=room2) == (True, "")
    world.events.owners[room2] = GraphUnavailable(503, "x")
    world.pass_by(timedelta(hours=25).total_seconds())
    assert answer(world, mailbox=room2) == (True, "")


@pytest.mark.parametrize("entries", [MAILBOX, f"@contoso.com, {MAILBOX}", f"@contoso.com,{MAILBOX.upper()}"])
@pytest.mark.parametrize("verb", CALLS)
def test_an_address_that_an_entry_names_has_no_owner_check(world: World, entries: str, verb: Verb) -> None:
    """The entry is satisfied by the address."""
    world = enforcing(world, ALLOWED_MAILBOXES=entries)
    assert answer(world, verb) == (True, "")
    assert world.events.owner_reads == []


@pytest.mark.parametrize("entries", ["roomlist:floor@contoso.com", "@contoso.com, roomlist:floor@contoso.com"])
@pytest.mark.parametrize("verb", CALLS)
def test_a_room_of_a_room_list_has_no_owner_check(world: World, entries: str, verb: Verb) -> None:
    """The room list is Exchange's own, and names the room."""
    world.rooms.by_list["floor@contoso.com"] = [MAILBOX]
    world = enforcing(world, ALLOWED_MAILBOXES=entries)
    assert answer(world, verb) == (True, "")
    assert world.events.owner_reads == []


def test_an_owner_that_is_a_room_of_a_room_list_is_allowed(world: World) -> None:
    """Any entry may allow the owner; while a list cannot be read that is unknown, which keeps what is."""
    world.rooms.by_list["floor@contoso.com"] = [CHIEF]
    world = enforcing(world, ALLOWED_MAILBOXES="@contoso.com, roomlist:floor@contoso.com")
    assert answer(world) == (True, "")
    world.rooms.by_list["floor@contoso.com"] = GraphUnavailable(503, "x")
    world = restarted(world, ALLOWED_MAILBOXES="@contoso.com, roomlist:other@contoso.com", OWNER_CHECK="enforce")
    world.rooms.by_list["other@contoso.com"] = GraphUnavailable(503, "x")
    known = world.mailbox_owners.at_call(MAILBOX)
    assert world.mailbox_owners.state(MAILBOX, known) == "unknown"


@pytest.mark.parametrize("owner", [MAILBOX, CHIEF, "", GraphUnavailable(503, "x")], ids=str)
def test_a_feature_reads_the_owner_once_a_day_for_an_address(world: World, owner: str | Exception) -> None:
    """Also another process, and whatever the answer was."""
    world = enforcing(world, owner)
    for verb in CALLS[1:] * 2:
        answer(world, verb)
    world.pass_by(REMEMBERED_FOR.total_seconds() + 1)
    answer(world)
    answer(restarted(world, OWNER_CHECK="enforce"))
    assert world.events.owner_reads == [MAILBOX]
    world.pass_by(timedelta(hours=24).total_seconds())
    answer(world)
    assert world.events.owner_reads == [MAILBOX, MAILBOX]


def test_another_process_knows_what_was_answered(world: World) -> None:
    """The answer is kept in storage, without an address in clear."""
    world = enforcing(world)
    answer(world)
    world.events.owners.clear()
    assert answer(restarted(world, OWNER_CHECK="enforce")) == (False, "owner")
    [row] = [dict(row) for key, row in world.rows.rows.items() if key[0] == "owner"]
    assert "room1" not in str(row)
    assert "chief" not in str(row)


def test_the_row_of_an_address_ends(world: World) -> None:
    """The run of the timer that reads all rows deletes it."""
    answer(enforcing(world))
    world.reconciler.reconcile()
    assert [key for key in world.rows.rows if key[0] == "owner"] != []
    world.pass_by(KEPT.total_seconds() + 1)
    world.reconciler.reconcile()
    assert [key for key in world.rows.rows if key[0] == "owner"] == []


def test_invented_addresses_leave_no_rows_and_bounded_memory(world: World) -> None:
    """Graph does not find their mailboxes."""
    for number in range(MOST_REMEMBERED + 5):
        invented = f"x{number}@contoso.com"
        world.events.missing.add(invented)
        answer(world, mailbox=invented)
    assert [key for key in world.rows.rows if key[0] == "owner"] == []
    assert len(world.mailbox_owners._remembered) == MOST_REMEMBERED


def test_a_list_that_changes_is_followed_without_a_question(world: World) -> None:
    """The owner is kept, so that the answer depends on the list of the moment."""
    world = enforcing(world)
    assert answer(world) == (False, "owner")
    for entries, expected in (
        (f"@contoso.com, {CHIEF}", True), ("@contoso.com,@FABRIKAM.com", True), ("@contoso.com, @x.example", False),
        (f"{MAILBOX}, @contoso.com", True),
    ):  # fmt: skip
        assert answer(restarted(world, OWNER_CHECK="enforce", ALLOWED_MAILBOXES=entries))[0] is expected
    assert world.events.owner_reads == [MAILBOX]


@pytest.mark.parametrize("verb", ["read", "write", "set-up"])
def test_no_owner_is_read_that_the_rest_of_the_settings_forbid(world: World, verb: Verb) -> None:
    """Neither while the relay is stopped nor for an address that is not allowed."""
    assert answer(world, verb, "a@fabrikam.com") == (False, "mailbox")
    world.stopping.stop("why", "app")
    assert answer(world, verb) == (False, "stop")
    assert world.events.owner_reads == []


def test_an_invalid_setting_opens_nothing_and_ends_nothing(world: World) -> None:
    """It is unknown what IT wants: what runs is kept, and what is new is refused."""
    world = restarted(world, OWNER_CHECK="maybe")
    assert world.permission.may(None, MAILBOX, "", "partner", "read").allowed is None
    assert world.permission.may(world.watch(), MAILBOX, "", "relay", "renew").allowed is None
    with pytest.raises(ConfigurationError, match="OWNER_CHECK"):
        world.permission.require(MAILBOX, "write")


@pytest.mark.parametrize(("check", "expected"), [("enforce", None), ("warn", True)])
def test_storage_that_fails_opens_nothing(world: World, check: str, *, expected: bool | None) -> None:
    """Whether the owner was known to be another one cannot be read, which matters only where it forbids."""
    world = restarted(world, OWNER_CHECK=check)
    world.stop.is_stopped()
    world.rows.failing = 2
    assert world.permission.may(None, MAILBOX, "", "partner", "read").allowed is expected


def test_an_answer_that_cannot_be_kept_counts(world: World) -> None:
    """The call is answered by it all the same."""
    world = enforcing(world)
    world.stop.is_stopped()
    world.rows.before = lambda: setattr(world.rows, "failing", int(bool(world.events.owner_reads)))
    assert answer(world) == (False, "owner")
    world.rows.before = lambda: None


@pytest.mark.parametrize(
    ("owner", "line"),
    [(MAILBOX, ""), (CHIEF, "owner_checks=1 end=other"), ("", "owner_checks=1 end=unknown")],
    ids=["same", "other", "unknown"],
)  # fmt: skip
def test_what_is_not_in_order_is_counted(world: World, caplog: pytest.LogCaptureFixture, owner: str, line: str) -> None:
    """An answer that is in order leaves no line; none names an address."""
    with caplog.at_level("INFO", "relay.metric"):
        answer(enforcing(world, owner))
    assert [each for each in caplog.messages if each.startswith("owner_checks")] == ([line] if line else [])


def test_only_addresses_are_hashed() -> None:
    """In the same way for any case."""
    assert hashed("Room1@Contoso.com ") == hashed(MAILBOX) != hashed("room2@contoso.com")
    assert hashed("no address") == ""
    assert new_reading(MAILBOX.upper()).id == new_reading(MAILBOX).id
