"""The app gets another default host name, for example by a new deployment: what posts where afterwards."""

from __future__ import annotations

import pytest

from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.simulation.deletion_rule import DeletionRule
from tests.simulation.tenant import RUN
from tests.simulation.world import World

BEFORE, AFTER = "func-relay-a1b2.azurewebsites.net", "func-relay-a1b2-c3d4.norwayeast-01.azurewebsites.net"
ROOMS = [f"room{number}@contoso.com" for number in range(12)]
DIRECT = ["ola@contoso.com", "kari@contoso.com"]
PARTNER_URL = "https://partner.example/graph"


class Moved:
    """A relay whose address is the app's host name, with watches of both kinds. Graph reaches one host only."""

    def __init__(self) -> None:
        self.world = World(PUBLIC_BASE_URL="", WEBSITE_HOSTNAME=BEFORE)
        self.graph = self.world.subscriptions
        self.rule: DeletionRule = self.world.deletion_rule()
        for mailbox in ROOMS:
            self.world.watch_setup.subscribe(WatchRequest(mailbox))
        for mailbox in DIRECT:
            self.world.watch_setup.subscribe(WatchRequest(mailbox, "direct", PARTNER_URL))
        self.first = {mailbox: self.held(mailbox) for mailbox in [*ROOMS, *DIRECT]}

    def held(self, mailbox: str) -> tuple[str, str]:
        """Return id and clientState of the subscription that the row of a mailbox names."""
        watch = self.world.watches.get(watch_id_of(mailbox))
        assert watch is not None
        (held,) = [each for each in self.graph.live() if each.subscription.id == watch.subscription_id]
        return held.subscription.id, held.client_state

    def urls(self, mailbox: str) -> tuple[str, str | None]:
        """Return where the subscription that the row names posts notifications and lifecycle notifications."""
        (held,) = [each for each in self.graph.live() if each.subscription.id == self.held(mailbox)[0]]
        return held.subscription.notification_url, held.subscription.lifecycle_url

    def move(self) -> None:
        """Start under the new name; the former one does not answer any more."""
        self.world.given["WEBSITE_HOSTNAME"] = AFTER
        self.graph.reachable = {f"https://{AFTER}", "https://partner.example"}
        self.world.start()

    def runs(self, number: int) -> None:
        """Let the timer run some times, and process what it queues."""
        for _ in range(number):
            self.world.reconciler.reconcile()
            for _ in range(6):
                self.world.process()
                self.world.time += RUN / 6
        self.rule.check()


@pytest.fixture
def moved() -> Moved:
    """Return a relay whose host name has just changed."""
    moved = Moved()
    moved.move()
    return moved


def test_each_subscription_is_moved_by_a_patch(moved: Moved) -> None:
    """Within the runs of an hour, by the same subscriptions; nothing is deleted or created."""
    before = moved.graph.calls.copy()
    moved.runs(2)
    assert {moved.urls(mailbox)[0] for mailbox in ROOMS} == {f"https://{AFTER}/api/notifications"}
    assert {mailbox: moved.held(mailbox) for mailbox in ROOMS} == {mailbox: moved.first[mailbox] for mailbox in ROOMS}
    spent = moved.graph.calls - before
    assert (spent["PATCH"], spent["POST"], spent["DELETE"]) == (len(ROOMS), 0, 0)


def test_a_direct_subscription_stays_the_partners(moved: Moved) -> None:
    """It posts to the partner's address, so the move does not touch it."""
    moved.runs(2)
    assert {moved.urls(mailbox)[0] for mailbox in DIRECT} == {PARTNER_URL}
    assert {mailbox: moved.held(mailbox) for mailbox in DIRECT} == {mailbox: moved.first[mailbox] for mailbox in DIRECT}


def test_lifecycle_notifications_follow_within_a_week(moved: Moved) -> None:
    """A PATCH does not change their URL: each subscription is replaced at its renewal, and nothing else is deleted.

    With direct delivery the new subscription has the clientState that the partner verifies, and its address.
    """
    moved.runs(7 * 48)
    assert {moved.urls(mailbox)[1] for mailbox in [*ROOMS, *DIRECT]} == {f"https://{AFTER}/api/lifecycle"}
    gone = {(held.subscription.id, reason) for held, reason in moved.graph.deleted}
    assert gone == {(subscription_id, DeleteReason.REPLACED) for subscription_id, _ in moved.first.values()}
    for mailbox in DIRECT:
        assert moved.urls(mailbox)[0] == PARTNER_URL
        assert moved.held(mailbox)[0] != moved.first[mailbox][0]
        assert moved.held(mailbox)[1] == moved.first[mailbox][1]
