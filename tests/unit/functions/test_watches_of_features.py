"""A watch that only a feature holds is none of the partner's: no route shows it, and none removes it."""

from __future__ import annotations

from functions.many_subscriptions import query_subscriptions
from functions.subscriptions import create_subscription, delete_subscription, get_subscription, list_subscriptions
from tests.support.listening import FEATURE
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.functions.conftest import HostWorld, call, content_of

OTHER, ID = "hall1@contoso.com", {"id": WATCH_ID}


def held(world: HostWorld) -> None:
    """Have the feature hold a mailbox, and the partner watch another."""
    world.watching(FEATURE).hold(MAILBOX)
    world.reconciler.reconcile()
    call(create_subscription, body={"mailbox": OTHER})


def test_no_route_shows_it(world: HostWorld) -> None:
    """As if it did not exist: by its id, in the list, and by its address."""
    held(world)
    answer = call(get_subscription, "GET", route_params=ID)
    listed = content_of(call(list_subscriptions, "GET"))
    found = content_of(call(query_subscriptions, body={"mailboxes": [MAILBOX, OTHER]}))
    assert (answer.status_code, content_of(answer)["code"]) == (404, "subscription_not_found")
    assert [each["mailbox"] for each in listed["value"]] == [OTHER]
    assert [each["mailbox"] for each in found["value"]] == [OTHER]
    assert found["notWatched"] == [MAILBOX]


def test_the_partners_delete_leaves_it(world: HostWorld) -> None:
    """204, because the partner has no such watch; row and subscription stay."""
    held(world)
    answer = call(delete_subscription, "DELETE", route_params=ID)
    watch = world.watches.get(WATCH_ID)
    assert answer.status_code == 204
    assert watch is not None
    assert watch.subscription_id in world.subscriptions.existing


def test_a_set_up_shows_it_and_a_delete_hides_it_again(world: HostWorld) -> None:
    """For the partner it is new, and then gone; the feature keeps it."""
    held(world)
    created = call(create_subscription, body={"mailbox": MAILBOX})
    shown = call(get_subscription, "GET", route_params=ID)
    call(delete_subscription, "DELETE", route_params=ID)
    hidden = call(get_subscription, "GET", route_params=ID)
    assert (created.status_code, shown.status_code, hidden.status_code) == (201, 200, 404)
    assert [each.mailbox for each in world.watching(FEATURE).held()] == [MAILBOX]
