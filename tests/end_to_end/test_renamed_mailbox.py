"""Claims about a mailbox whose address changes while it is watched."""

from tests.support.relay import Relay
from tests.support.waiting import eventually


def test_an_alias_that_becomes_the_primary_address_interrupts_nothing(relay: Relay) -> None:
    """Changes arrive, a lost subscription is made anew, and the watch tells the new address. There is one of each."""
    address, new = relay.watched(), relay.mailbox()
    relay.tenant.control("DELETE", f"/mailboxes/{new}")
    relay.book(address)
    relay.in_step(address)  # a notification has told the object id
    relay.tenant.control("PATCH", f"/mailboxes/{address}", {"address": new})
    later = relay.book(new, "After the change", 1)
    eventually(lambda: later["immutableId"] in relay.received(address))
    (watch,) = relay.watches(address)
    assert (watch["state"], new in watch["lastError"]) == ("live", True)

    relay.lose(watch)
    relay.reconcile()
    (current,) = relay.watches(address)
    (subscription,) = relay.subscriptions(new)
    assert (current["state"], current["graphSubscriptionId"]) == ("live", subscription["id"])
    assert subscription["id"] != watch["graphSubscriptionId"]
    relay.tenant.remove(new, later["id"])
    eventually(lambda: later["immutableId"] not in relay.received(address))

    second = relay.api.call("POST", "/subscriptions", json={"mailbox": new})
    assert (second.status_code, relay.watches(new), relay.subscriptions(new)) == (409, [], [subscription])
