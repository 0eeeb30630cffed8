"""The relay's client of subscriptions over the lies of the simulated Graph: each has the meaning of its report."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.tenant.tokens import GRAPH
from shared.errors import (
    GraphConflict,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnauthorized,
    GraphUnavailable,
)
from shared.graph.client import GraphClient, graph_session
from shared.graph.rate_limit import RateLimiter
from shared.graph.subscriptions import DeleteReason, Subscription, Subscriptions, mailbox_of
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, World

pytestmark = pytest.mark.server


class Relay:
    """The relay's client; its waits move only its own clock."""

    def __init__(self, world: World) -> None:
        self.world, self.session = world, graph_session(f"{world.url}/v1.0")
        self.session.trust_env, self.session.verify = False, world.session.verify
        self.waited = 0.0
        self.graph = GraphClient(lambda: f"{world.url}/v1.0", self.token, lambda: self.session)
        limiters = (RateLimiter(1_000, 1.0, 1_000, self.now, self.sleep) for _ in range(3))
        self.subscriptions = Subscriptions(self.graph, *limiters)

    def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002  (the client's signature)
        """Return a token of the app."""
        return self.world.tenant.tokens.issue(self.world.tenant.clients[APP], GRAPH)[0]

    def now(self) -> Any:
        """Return the tenant's time, and what was waited."""
        return self.world.now() + timedelta(seconds=self.waited)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.waited += seconds

    def make(self, room: str = ROOM, minutes: int = 5_000) -> Subscription:
        """Create a subscription."""
        url, end = self.world.receiver.url, self.world.now() + timedelta(minutes=minutes)
        return self.subscriptions.create(room, url, url, "state", end)


@pytest.fixture
def relay(world: World) -> Iterator[Relay]:
    """Return the relay's client over the tenant."""
    relay = Relay(world)
    with relay.session:
        yield relay


def test_an_untrue_404_and_what_a_post_gets_after_it(world: World, relay: Relay) -> None:
    """GET and PATCH raise GraphNotFound, DELETE succeeds; the POST is a quota, or names the one that is denied."""
    made = relay.make()
    world.control("POST", "/lies", {"notFound": [made.id]})
    with pytest.raises(GraphNotFound):
        relay.subscriptions.get(made.id)
    with pytest.raises(GraphNotFound):
        relay.subscriptions.renew(made.id, made.expires)
    relay.subscriptions.delete(made.id, DeleteReason.REPLACED)
    with pytest.raises(GraphQuotaExceeded):
        relay.make()
    world.control("POST", "/lies", {"postAfterNotFound": "conflict"})
    with pytest.raises(GraphConflict) as error:
        relay.make()
    assert error.value.existing_id == made.id
    world.control("DELETE", "/lies")
    assert relay.subscriptions.get(made.id) == made


def test_the_quota_of_a_mailbox_is_no_rate(world: World, relay: Relay) -> None:
    """Another mailbox does not wait for the year 9999."""
    world.control("POST", "/lies", {"quotaReached": [ROOM]})
    with pytest.raises(GraphQuotaExceeded) as error:
        relay.make()
    assert error.value.code == "SubscriptionCountReached"
    relay.make(OTHER_ROOM)
    assert relay.waited < 1


@pytest.mark.parametrize(("text", "named"), [("minutes", 1_440), ("span", 1_440), ("none", 0)])
def test_the_maximum_lifetime_is_read(world: World, relay: Relay, text: str, named: int) -> None:
    """From either form of the text; without a number it is still about the expiration."""
    world.control("POST", "/settings", {"longestMinutes": 1_440, "longestText": text})
    with pytest.raises(GraphRejected) as error:
        relay.make()
    assert error.value.longest_minutes == named


@pytest.mark.parametrize(("status", "kind"), [(401, GraphUnauthorized), (403, GraphForbidden)])
def test_refusals_of_every_call(world: World, relay: Relay, status: int, kind: type[Exception]) -> None:
    """Also with a fresh token."""
    world.control("POST", "/lies", {"refused": status})
    with pytest.raises(kind):
        relay.subscriptions.get("any")


def test_a_throttled_page_is_read_again(world: World, relay: Relay) -> None:
    """After its Retry-After, by the client's clock; the walk is not lost."""
    world.tenant.settings["subscriptionPage"] = 1
    made = [relay.make(room).id for room in (ROOM, OTHER_ROOM)]
    world.control("POST", "/lies", {"listFault": {"page": 2, "status": 429, "retryAfter": 5, "times": 2}})
    assert [each.id for each in relay.subscriptions.list()] == made
    assert relay.waited > 9


def test_a_list_that_lies(world: World, relay: Relay) -> None:
    """It is empty, or repeats itself: then the walk ends with an error, and what was read is no list."""
    made = relay.make()
    world.control("POST", "/lies", {"notListed": True})
    assert [*relay.subscriptions.list()] == []
    world.control("POST", "/lies", {"notListed": False, "listRepeats": True})
    with pytest.raises(GraphRejected, match="RepeatedNextLink"):
        assert {each.id for each in relay.subscriptions.list()} <= {made.id}


def test_an_expired_link_ends_the_walk(world: World, relay: Relay) -> None:
    """At once and with an error; what was read is no list."""
    world.tenant.settings["subscriptionPage"] = 1
    made = [relay.make(room).id for room in (ROOM, OTHER_ROOM)]
    world.control("POST", "/lies", {"linksExpired": True})
    seen = []
    with pytest.raises(GraphRejected, match="Directory_ExpiredPageToken"):
        seen += [each.id for each in relay.subscriptions.list()]
    assert (seen, relay.waited < 1) == ([], True)
    world.control("DELETE", "/lies")
    assert [each.id for each in relay.subscriptions.list()] == made


@pytest.mark.parametrize("spelling", ["object id", "key", "case", "slash"])
def test_a_resource_names_its_mailbox_however_it_is_spelled(world: World, relay: Relay, spelling: str) -> None:
    """By address, or by object id."""
    made = relay.make()
    world.control("POST", "/lies", {"resource": spelling})
    mailbox = mailbox_of(relay.subscriptions.get(made.id).resource)
    assert mailbox == (world.tenant.mailboxes[ROOM].id if spelling == "object id" else ROOM)


def test_a_patch_that_succeeds_and_does_not_answer(world: World, relay: Relay) -> None:
    """GraphUnavailable with status 0, or 200 for an unreadable answer; GET tells the end."""
    made = relay.make()
    faults: list[tuple[dict[str, Any], int]] = [({"cut": True}, 0), ({"status": 200, "body": "{"}, 200)]
    for number, (fault, status) in enumerate(faults, start=1):
        world.control("POST", "/faults", {"match": "^PATCH /v1.0/subs", "after": True, "times": 1, **fault})
        end = made.expires + timedelta(hours=number)
        with pytest.raises(GraphUnavailable) as error:
            relay.subscriptions.renew(made.id, end)
        assert error.value.status == status
        assert relay.subscriptions.get(made.id).expires == end


def test_a_skewed_date_is_seen(world: World, relay: Relay) -> None:
    """To the second."""
    relay.make()
    assert relay.graph.clock_skew == timedelta()
    world.control("POST", "/lies", {"dateSkewSeconds": -600})
    relay.make(OTHER_ROOM)
    assert relay.graph.clock_skew is not None
    assert abs(relay.graph.clock_skew + timedelta(minutes=10)) < timedelta(seconds=3)
