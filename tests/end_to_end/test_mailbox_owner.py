"""Claims about addresses that only a suffix allows, and whose calendar belongs to another mailbox."""

import uuid
from collections.abc import Iterator

import pytest

from sandbox.stack import Stack
from tests.support.relay import Relay, ago
from tests.support.restartable_relay import relay_with
from tests.support.scheduling_calls import at, book, free_slots
from tests.support.waiting import eventually

pytestmark = pytest.mark.long
CODE = "mailbox_owner_not_allowed"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack without a host."""
    with Stack(tmp_path_factory.mktemp("owners"), host=False) as stack:
        yield stack


def alias_of(relay: Relay, owner: str) -> str:
    """Give a mailbox an address in the allowed domain, and return it."""
    address = f"alias-{uuid.uuid4().hex[:8]}@contoso.com"
    relay.tenant.control("POST", f"/mailboxes/{owner}/aliases", {"address": address})
    return address


def other_owner(relay: Relay) -> str:
    """Add a mailbox of a domain that is not allowed, and return its address."""
    address = f"chief-{uuid.uuid4().hex[:8]}@fabrikam.com"
    relay.tenant.control("POST", "/mailboxes", {"address": address, "kind": "user"})
    return address


def night(relay: Relay, address: str) -> None:
    """Let the last answer be a day old; run what runs at night, and the timer after it."""
    relay.age(relay.watches(address)[0], owner_read_at=ago(hours=24))
    relay.api.run("resync_calendars")
    key, asked = relay.watches(address)[0]["id"], ago(minutes=1)
    eventually(lambda: relay.table("watches").get_entity("watch", key)["owner_read_at"] > asked)
    relay.quiet()
    relay.reconcile()


def test_enforced_the_mailbox_of_another_is_neither_watched_nor_used(stack: Stack) -> None:
    """By an alias in the allowed domain; an alias of an allowed mailbox works."""
    with relay_with(stack, OWNER_CHECK="enforce", FEATURES="relay,calendars,scheduling") as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite")
        forbidden, allowed = alias_of(relay, other_owner(relay)), alias_of(relay, relay.mailbox())
        slots = {"from": at(0), "to": at(24), "duration": "30"}
        for answer in (
            relay.api.call("POST", "/subscriptions", json={"mailbox": forbidden}),
            relay.api.call("GET", f"/calendars/{forbidden}"),
            relay.api.call("GET", f"/schedules/{forbidden}/slots", params=slots),
            book(relay, forbidden),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, CODE), answer.url
            assert "chief" not in answer.text
        assert relay.api.call("POST", "/subscriptions", json={"mailbox": allowed}).status_code == 201
        assert relay.api.call("GET", f"/calendars/{allowed}").status_code == 200
        assert isinstance(free_slots(relay, allowed), list)


def test_a_mailbox_that_changes_hands_is_paused_and_resumed(stack: Stack) -> None:
    """The night finds it; health names the watch; the next night resumes it, and the partner is in step again."""
    with relay_with(stack, OWNER_CHECK="enforce") as relay:
        address = relay.watched()
        relay.book(address)
        relay.in_step(address)
        chief = {"owner": {"name": "Chief", "address": "chief@fabrikam.com"}}
        relay.tenant.control("PUT", f"/calendars/{address}/owner", chief)
        night(relay, address)
        [watch] = relay.watches(address)
        assert (watch["state"], relay.subscriptions(address)) == ("paused-by-owner", [])
        relay.book(address, "While it is paused", 1)
        checks = relay.api.call("GET", "/health/checks").json()["checks"]
        assert (checks["mailboxOwners"]["ok"], watch["id"] in checks["mailboxOwners"]["detail"]) == (False, True)
        relay.tenant.control("PUT", f"/calendars/{address}/owner", {"owner": "itself"})
        night(relay, address)
        assert relay.watches(address)[0]["state"] == "live"
        relay.in_step(address)


@pytest.mark.parametrize("owner", [None, {}, {"name": "Chief"}, {"address": "/o=Exchange/cn=chief"}])
def test_an_owner_that_graph_does_not_name_refuses_nothing(stack: Stack, owner: object) -> None:
    """The watch is set up, and health counts it as unknown."""
    with relay_with(stack, OWNER_CHECK="enforce") as relay:
        address = relay.mailbox()
        relay.tenant.control("PUT", f"/calendars/{address}/owner", {"owner": owner})
        assert relay.api.call("POST", "/subscriptions", json={"mailbox": address}).status_code == 201
        check = relay.api.call("GET", "/health/checks").json()["checks"]["mailboxOwners"]
        assert (check["ok"], "unknown for" in check["detail"]) == (True, True)
