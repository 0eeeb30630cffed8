"""The route that forgets a mailbox, and the dead letters of one watch."""

from __future__ import annotations

import pytest

from functions.dead_letters import delete_dead_letters, list_dead_letters
from functions.forget import COUNTED, forget_mailbox
from shared.storage.parked import DEAD
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.functions.conftest import HostWorld, call, content_of


def add_letters(world: HostWorld, watch_id: str, *event_ids: str) -> None:
    """Make dead letters of a watch."""
    message = world.hint(*event_ids, watch_id=watch_id)
    for change in message.changes:
        world.dead_letters.dead_letter(message, change, "rejected", 422)
    world.pass_by(1)  # a deletion takes those that exist before it


def test_the_answer_counts_what_was_deleted(world: HostWorld) -> None:
    """A second call is answered alike, and counts nothing. No cache keeps the answer."""
    world.watch(subscription_id="", state="pending")
    add_letters(world, WATCH_ID, "E1", "E2")
    answer = call(forget_mailbox, body={"mailbox": MAILBOX})
    nothing = dict.fromkeys(COUNTED, 0) | {"allowed": True}
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert content_of(answer) == nothing | {"watches": 1, "deadLetters": 2}
    assert content_of(call(forget_mailbox, body={"mailbox": MAILBOX})) == nothing


@pytest.mark.parametrize(
    "body", [{}, {"mailbox": 7}, {"mailbox": None}, {"mailbox": [MAILBOX]}, {"mailbox": MAILBOX, "all": True}]
)
def test_any_other_body_is_refused(world: HostWorld, body: dict[str, object]) -> None:
    """And deletes nothing."""
    world.watch()
    answer = call(forget_mailbox, body=body)
    assert (answer.status_code, content_of(answer)["code"]) == (422, "invalid_request")
    assert world.watches.get(WATCH_ID) is not None


def test_dead_letters_of_a_watch_are_listed_and_deleted(world: HostWorld) -> None:
    """Page by page; a link keeps the selection."""
    other = world.watch("room2@contoso.com").id
    add_letters(world, WATCH_ID, "E1", "E2")
    add_letters(world, other, "O1")
    first = content_of(call(list_dead_letters, "GET", params={"watch": WATCH_ID, "pageSize": "1"}))
    assert [letter["subscriptionId"] for letter in first["value"]] == [WATCH_ID]
    assert f"watch={WATCH_ID}" in first["nextLink"]
    assert content_of(call(delete_dead_letters, "DELETE", params={"watch": WATCH_ID})) == {"deleted": 2}
    assert world.parked.count(DEAD) == 1


@pytest.mark.parametrize("function", [list_dead_letters, delete_dead_letters])
def test_a_malformed_watch_is_refused(world: HostWorld, function: object) -> None:
    """It is no selection of all."""
    add_letters(world, WATCH_ID, "E1")
    assert call(function, params={"watch": "room1"}).status_code == 422
    assert world.parked.count(DEAD) == 1
