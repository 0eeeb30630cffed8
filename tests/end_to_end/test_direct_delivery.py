"""Claims about direct delivery: Graph talks to the partner's own address, and the relay keeps the subscription."""

from collections.abc import Iterator

import pytest
import requests

from sandbox.process import Process
from tests.support.relay import Relay
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def receiver(shared_relay: Relay) -> Iterator[Process]:
    """Start a partner that Graph itself can call: by https."""
    folder = shared_relay.stack.folder
    secret = shared_relay.stack.seed["secrets"]["partner-signing-secret"][-1]
    arguments = ["--folder", str(folder), "--secret", secret, "--tls"]
    process = Process("sandbox.partner", arguments, folder / "direct.log")
    yield process
    process.stop()


def test_graph_talks_to_the_partner_itself(relay: Relay, receiver: Process) -> None:
    """The answer carries the clientState to check, hints go to the partner alone, lifecycle events stay with us."""
    address, url = relay.mailbox(), receiver.ready["direct"]
    request = {"mailbox": address, "delivery": "direct", "notificationUrl": url}
    first = relay.api.call("POST", "/subscriptions", json=request)
    again = relay.api.call("POST", "/subscriptions", json=request)
    assert (first.status_code, again.status_code) == (201, 200)
    (subscription,) = relay.subscriptions(address)
    assert first.json()["clientState"] == again.json()["clientState"] == subscription["clientState"]
    assert subscription["notificationUrl"] == url
    assert subscription["lifecycleNotificationUrl"] == f"{relay.api.url}/api/lifecycle"
    assert all("clientState" not in watch for watch in relay.watches(address))
    with requests.Session() as session:
        session.trust_env = False  # else REQUESTS_CA_BUNDLE of this machine would win over the sandbox's CA
        session.verify = str(relay.stack.certificates.ca_pem)
        control = receiver.ready["control"] + "/direct"
        session.post(control, json={"clientState": first.json()["clientState"]}, timeout=10).raise_for_status()
        relay.book(address)
        hints = eventually(lambda: session.get(control, timeout=10).json()["notifications"])
    assert hints[0]["subscriptionId"] == subscription["id"]
    relay.quiet()
    assert relay.attempts(address) == []
    assert relay.api.call("DELETE", f"/subscriptions/{first.json()['id']}").status_code == 204
    assert relay.subscriptions(address) == []


def test_a_mailbox_is_watched_in_one_way_at_a_time(relay: Relay, receiver: Process) -> None:
    """The same mailbox with another delivery, or another address, is 409 and changes nothing."""
    address, url = relay.mailbox(), receiver.ready["direct"]
    direct = {"mailbox": address, "delivery": "direct", "notificationUrl": url}
    relay.api.watch(address)
    assert relay.api.call("POST", "/subscriptions", json=direct).status_code == 409
    (watch,) = relay.watches(address)
    assert watch["delivery"] == "relay"
    relay.api.call("DELETE", f"/subscriptions/{watch['id']}")
    assert relay.api.call("POST", "/subscriptions", json=direct).status_code == 201
    other = {**direct, "notificationUrl": url + "?other"}
    for request in ({"mailbox": address}, other):
        answer = relay.api.call("POST", "/subscriptions", json=request)
        assert answer.status_code == 409
        assert answer.json()["status"] == 409
    assert [subscription["notificationUrl"] for subscription in relay.subscriptions(address)] == [url]
