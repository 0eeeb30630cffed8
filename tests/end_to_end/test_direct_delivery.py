"""Claims about direct delivery: Graph talks to the partner's own address, and the relay keeps the subscription."""

from collections.abc import Iterator

import pytest
import requests

from sandbox.process import Process
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World


@pytest.fixture(scope="module")
def receiver(_world: World) -> Iterator[Process]:
    """Start a partner that Graph itself can call: by https."""
    folder = _world.stack.folder
    secret = _world.stack.seed["secrets"]["partner-signing-secret"][-1]
    arguments = ["--folder", str(folder), "--secret", secret, "--tls"]
    process = Process("sandbox.partner", arguments, folder / "direct.log")
    yield process
    process.stop()


def test_graph_talks_to_the_partner_itself(world: World, receiver: Process) -> None:
    """The answer carries the clientState to check, hints go to the partner alone, lifecycle events stay with us."""
    address, url = world.mailbox(), receiver.ready["direct"]
    wish = {"mailbox": address, "delivery": "direct", "notificationUrl": url}
    first = world.relay.call("POST", "/subscriptions", json=wish)
    again = world.relay.call("POST", "/subscriptions", json=wish)
    assert (first.status_code, again.status_code) == (201, 200)
    (subscription,) = world.subscriptions(address)
    assert first.json()["clientState"] == again.json()["clientState"] == subscription["clientState"]
    assert subscription["notificationUrl"] == url
    assert subscription["lifecycleNotificationUrl"] == f"{world.relay.url}/api/lifecycle"
    assert all("clientState" not in watch for watch in world.watches(address))
    with requests.Session() as session:
        session.trust_env = False  # else REQUESTS_CA_BUNDLE of this machine would win over the sandbox's CA
        session.verify = str(world.stack.certificates.ca_pem)
        control = receiver.ready["control"] + "/direct"
        session.post(control, json={"clientState": first.json()["clientState"]}, timeout=10).raise_for_status()
        world.book(address)
        hints = eventually(lambda: session.get(control, timeout=10).json()["notifications"])
    assert hints[0]["subscriptionId"] == subscription["id"]
    world.quiet()
    assert world.attempts(address) == []
    assert world.relay.call("DELETE", f"/subscriptions/{first.json()['id']}").status_code == 204
    assert world.subscriptions(address) == []


def test_a_mailbox_is_watched_in_one_way_at_a_time(world: World, receiver: Process) -> None:
    """The same mailbox with another delivery, or another address, is 409 and changes nothing."""
    address, url = world.mailbox(), receiver.ready["direct"]
    direct = {"mailbox": address, "delivery": "direct", "notificationUrl": url}
    world.relay.watch(address)
    assert world.relay.call("POST", "/subscriptions", json=direct).status_code == 409
    (watch,) = world.watches(address)
    assert watch["delivery"] == "relay"
    world.relay.call("DELETE", f"/subscriptions/{watch['id']}")
    assert world.relay.call("POST", "/subscriptions", json=direct).status_code == 201
    other = {**direct, "notificationUrl": url + "?other"}
    for wish in ({"mailbox": address}, other):
        answer = world.relay.call("POST", "/subscriptions", json=wish)
        assert answer.status_code == 409
        assert answer.json()["status"] == 409
    assert [one["notificationUrl"] for one in world.subscriptions(address)] == [url]
