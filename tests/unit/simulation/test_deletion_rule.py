"""The rule of each DELETE: what may end a living subscription, and what the failure of the rule shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.graph.subscriptions import DeleteReason
from tests.simulation.deletion_rule import DeletionRule
from tests.unit.simulation.conftest import GraphInMemory

ROOM, RELAY, PARTNER = "room1@contoso.com", "https://relay.example", "https://partner.example/graph"


@pytest.fixture
def rule(graph: GraphInMemory) -> DeletionRule:
    """Install the rule; a clientState "state" verifies."""
    urls = f"{RELAY}/api/notifications", f"{RELAY}/api/lifecycle"
    graph.deletion = rule = DeletionRule(graph, lambda: urls, lambda state: state == "state", lambda: graph.time)
    return rule


def hold(graph: GraphInMemory, url: str = RELAY, *, state: str = "state", direct: bool = False) -> str:
    """Add a subscription of the room."""
    notifications = PARTNER if direct else f"{url}/api/notifications"
    return graph.hold(ROOM, notifications, f"{url}/api/lifecycle", state, graph.end()).subscription.id


@pytest.mark.parametrize("reason", [*DeleteReason])
def test_the_only_living_subscription_stays(graph: GraphInMemory, rule: DeletionRule, reason: DeleteReason) -> None:
    """Whatever reason is given: nobody asked for it, and it is usable. It lives on, and the trace is shown."""
    made = hold(graph)
    with pytest.raises(AssertionError, match=rf"(?s)DELETE \({reason}\) of {made}.*DELETE {made} \({reason}\)"):
        graph.delete(made, reason)
    assert graph.get(made).id == made
    with pytest.raises(AssertionError, match=made):
        rule.check()


def test_a_twin_may_end(graph: GraphInMemory, rule: DeletionRule) -> None:
    """Of two one; the other not."""
    first, second = hold(graph), hold(graph)
    graph.delete(first, DeleteReason.TWIN)
    with pytest.raises(AssertionError):
        graph.delete(second, DeleteReason.TWIN)


@pytest.mark.parametrize("form", ["set", "function"])
def test_what_may_end_is_given(graph: GraphInMemory, rule: DeletionRule, form: str) -> None:
    """The partner, the allow-list or the hosts: the test says for which mailboxes."""
    rule.may_end = {ROOM} if form == "set" else lambda mailbox: mailbox == ROOM
    graph.delete(hold(graph), DeleteReason.TOMBSTONE)
    rule.check(timedelta())


@pytest.mark.parametrize(
    ("url", "state", "direct", "unusable"),
    [
        (RELAY, "state", False, False),
        (RELAY, "of a retired key", False, True),
        ("https://old.example", "state", False, True),
        (RELAY, "of a retired key", True, False),
        ("https://old.example", "state", True, True),
    ],
)
def test_an_unusable_subscription_may_be_replaced(
    graph: GraphInMemory, rule: DeletionRule, url: str, state: str, *, direct: bool, unusable: bool
) -> None:
    """Its clientState does not verify, or its addresses are old. The partner verifies what is sent to it."""
    made = hold(graph, url, state=state, direct=direct)
    assert rule.is_unusable(graph.held[made]) is unusable
    if not unusable:
        with pytest.raises(AssertionError):
            graph.delete(made, DeleteReason.REPLACED)
        return
    with pytest.raises(AssertionError):
        graph.delete(made, DeleteReason.TWIN)
    graph.delete(made, DeleteReason.REPLACED)


def test_what_was_deleted_to_be_replaced_is_replaced_in_time(graph: GraphInMemory, rule: DeletionRule) -> None:
    """Otherwise the unusable one was taken away for nothing."""
    graph.delete(hold(graph, "https://old.example"), DeleteReason.REPLACED)
    graph.time += timedelta(minutes=31)
    with pytest.raises(AssertionError, match=ROOM):
        rule.check(within=timedelta(minutes=30))
    hold(graph)
    rule.check(within=timedelta(minutes=30))
    assert not rule.replacing


def test_a_call_that_reaches_nothing_living_is_no_deletion(graph: GraphInMemory, rule: DeletionRule) -> None:
    """An expired one, an unknown id, and one for which Graph answers an untrue 404."""
    made = hold(graph)
    graph.untrue_404 = {made}
    graph.delete(made, DeleteReason.TWIN)
    graph.delete("s-99", DeleteReason.TWIN)
    graph.time += timedelta(days=8)
    graph.delete(made, DeleteReason.TWIN)
    rule.check()
