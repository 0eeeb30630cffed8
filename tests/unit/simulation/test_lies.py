"""Each lie of the Graph in memory, for one subscription and for all; and the truth once it is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnavailable,
)
from shared.graph.subscriptions import DeleteReason, mailbox_of
from tests.simulation import lies
from tests.simulation.lies import EVERY
from tests.unit.simulation.conftest import GraphInMemory

ROOMS = [f"room{number}@contoso.com" for number in range(10)]


@pytest.fixture
def created(graph: GraphInMemory) -> list[str]:
    """Create ten subscriptions and return their ids."""
    return [graph.subscribed(room) for room in ROOMS]


@pytest.mark.parametrize("ids", [{"s-1"}, EVERY], ids=["one", "all"])
def test_404_for_what_lives(graph: GraphInMemory, created: list[str], ids: set[str]) -> None:
    """GET, PATCH and DELETE say that it is gone; it lives, and is in the list."""
    graph.untrue_404 = ids
    with pytest.raises(GraphNotFound):
        graph.get("s-1")
    with pytest.raises(GraphNotFound):
        graph.renew("s-1", graph.end())
    graph.delete("s-1", DeleteReason.TOMBSTONE)
    assert [each.id for each in graph.list()] == created
    if ids is EVERY:
        with pytest.raises(GraphNotFound):
            graph.get("s-2")
    else:
        graph.get("s-2")
    graph.untrue_404 = set()
    assert graph.get("s-1").id == "s-1"


def test_404_for_all_beside_404_for_a_subscription(graph: GraphInMemory, created: list[str]) -> None:
    """Each ends by itself."""
    graph.untrue_404, graph.denies_all = {created[0]}, True
    for each in created[:2]:
        with pytest.raises(GraphNotFound):
            graph.get(each)
    graph.denies_all = False
    assert graph.get(created[1]).id == created[1]
    with pytest.raises(GraphNotFound):
        graph.get(created[0])


@pytest.mark.parametrize(
    ("answer", "error"),
    [("limit", GraphQuotaExceeded), ("forbidden", GraphForbidden), ("conflict", GraphConflict)],
)
def test_a_post_after_an_untrue_404_is_refused(
    graph: GraphInMemory, created: list[str], answer: Literal["limit", "forbidden", "conflict"], error: type[GraphError]
) -> None:
    """403 "has reached its limit", 403 for the scope, or 409 naming the one that GET does not find."""
    graph.untrue_404, graph.post_after_404 = {created[0]}, answer
    with pytest.raises(error) as raised:
        graph.subscribed(ROOMS[0])
    assert raised.value.existing_id in ("", created[0])


def test_twins(graph: GraphInMemory, created: list[str]) -> None:
    """A second subscription is accepted: by itself, or because the first is said not to exist."""
    graph.accepts_twins = {ROOMS[0]}
    graph.subscribed(ROOMS[0])
    graph.untrue_404, graph.post_after_404 = {created[1]}, "twin"
    graph.subscribed(ROOMS[1])
    assert [len(graph.of(room)) for room in ROOMS[:3]] == [2, 2, 1]


def test_a_list_that_is_empty_or_has_holes(graph: GraphInMemory, created: list[str]) -> None:
    """The subscriptions live, and answer GET by id."""
    graph.listing = lies.empty
    assert [*graph.list()] == []
    graph.listing = lies.partial(3)
    assert [each.id for each in graph.list()] == ["s-2", "s-3", "s-5", "s-6", "s-8", "s-9"]
    assert [graph.get(each).id for each in created] == created


def test_a_list_with_expired_entries(graph: GraphInMemory, created: list[str]) -> None:
    """An entry whose end has passed does not live."""
    graph.listing = lies.with_expired
    graph.time += timedelta(days=7)
    assert [each.id for each in graph.list()] == created
    with pytest.raises(GraphNotFound):
        graph.get(created[0])


def test_a_list_that_fails_or_repeats(graph: GraphInMemory, created: list[str]) -> None:
    """On its first page, on a later one, or because a link leads back."""
    for after in (0, 4):
        graph.listing = lies.failing(GraphUnavailable(503, "ServiceUnavailable"), after)
        walk = graph.list()
        assert [next(walk).id for _ in range(after)] == created[:after]
        with pytest.raises(GraphUnavailable):
            next(walk)
    graph.listing = lies.repeating(2)
    repeated = graph.list()
    assert [next(repeated).id for _ in range(20)] == created * 2
    with pytest.raises(GraphRejected):
        next(repeated)


def test_every_call_is_refused(graph: GraphInMemory, created: list[str]) -> None:
    """With the error that the test gives, before any effect."""
    graph.refuse_all = GraphForbidden(403, "ErrorAccessDenied")
    for call in (
        lambda: graph.get(created[0]),
        lambda: graph.renew(created[0], graph.end()),
        lambda: graph.delete(created[0], DeleteReason.TOMBSTONE),
        lambda: graph.subscribed("new@contoso.com"),
        lambda: [*graph.list()],
    ):
        with pytest.raises(GraphForbidden):
            call()
    graph.refuse_all = None
    assert [each.id for each in graph.list()] == created


def test_the_quota_of_a_mailbox(graph: GraphInMemory) -> None:
    """It is no matter of any other mailbox, and another living one does not matter."""
    graph.quota_for = {ROOMS[0]}
    with pytest.raises(GraphQuotaExceeded):
        graph.subscribed(ROOMS[0])
    graph.subscribed(ROOMS[1])
    graph.quota_for = EVERY
    with pytest.raises(GraphQuotaExceeded):
        graph.subscribed(ROOMS[2])


def test_a_single_mailbox_is_throttled(graph: GraphInMemory, created: list[str]) -> None:
    """429 to every call about it, and no rate: other mailboxes are not concerned."""
    graph.throttled = {ROOMS[0]}
    for call in (
        lambda: graph.get(created[0]),
        lambda: graph.renew(created[0], graph.end()),
        lambda: graph.delete(created[0], DeleteReason.TOMBSTONE),
        lambda: graph.subscribed(ROOMS[0]),
    ):
        with pytest.raises(GraphUnavailable) as error:
            call()
        assert (error.value.status, error.value.is_rate) == (429, False)
    graph.renew(created[1], graph.end())
    graph.throttled = set()
    assert graph.get(created[0]).id == created[0]


@pytest.mark.parametrize("minutes", [4_230, 1_440, 60])
def test_the_maximum_lifetime_falls(graph: GraphInMemory, created: list[str], minutes: int) -> None:
    """For POST and PATCH; the text names it, or does not. What lives keeps its end."""
    graph.longest = timedelta(minutes=minutes)
    for names_longest, named in ((True, minutes), (False, 0)):
        graph.names_longest = names_longest
        for call in (
            lambda: graph.renew(created[0], graph.end(minutes + 1)),
            lambda: graph.subscribed("new@contoso.com"),
        ):
            with pytest.raises(GraphRejected) as error:
                call()
            assert error.value.longest_minutes == named
    assert graph.get(created[0]).expires == graph.end()
    assert graph.renew(created[0], graph.end(minutes)).expires == graph.end(minutes)


@pytest.mark.parametrize("ids", [{"s-1"}, EVERY], ids=["one", "all"])
def test_a_patch_succeeds_and_its_answer_is_lost(graph: GraphInMemory, created: list[str], ids: set[str]) -> None:
    """The end moved, and only a GET tells."""
    graph.unreadable_answers = ids
    graph.time += timedelta(days=1)
    with pytest.raises(GraphUnavailable):
        graph.renew(created[0], graph.end())
    assert graph.get(created[0]).expires == graph.end()


def test_a_changed_address_is_validated_or_not(graph: GraphInMemory, created: list[str]) -> None:
    """Nobody has tried it: both are played. A POST validates both URLs in any case."""
    seen: list[str] = []
    graph.reachable, graph.handshakes = {"https://relay.example"}, seen.append
    with pytest.raises(GraphRejected):
        graph.change_address(created[0], "https://typo.example/api/notifications", graph.end())
    with pytest.raises(GraphRejected):
        graph.subscribed("new@contoso.com", "https://typo.example")
    assert seen == []
    graph.subscribed("new@contoso.com")
    assert seen == ["https://relay.example/api/notifications", "https://relay.example/api/lifecycle"]
    graph.validates_address = False
    assert "typo" in graph.change_address(created[0], "https://typo.example/x", graph.end()).notification_url


def test_the_resource_is_spelled_otherwise(graph: GraphInMemory, created: list[str]) -> None:
    """In the answers to POST, GET, PATCH and the list."""
    graph.spelled = lambda mailbox: f"/Users/{mailbox.upper()}/Events"
    new = graph.create("new@contoso.com", "https://a.example", "https://a.example", "state", graph.end())
    answers = [new, graph.get(created[0]), graph.renew(created[0], graph.end()), *graph.list()]
    assert {each.resource.partition("/")[0] for each in answers} == {""}
    assert mailbox_of(graph.get(created[0]).resource) == ROOMS[0]
