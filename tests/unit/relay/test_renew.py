"""Claims about renewing: who is due, in which order, how fast, and what one failure does to the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.graph.client_state import Key, watch_named_by
from shared.graph.subscriptions import Subscription, resource_of
from shared.relay import renew as renewing
from shared.relay.renew import BUDGET, PER_SECONDS, WRITES, Pace, due_watches, renew
from shared.storage.watches import Watch, watch_id_of
from tests.unit.relay.fakes import OLD, START, World

SOON = timedelta(hours=1)


def standing(world: World, mailbox: str = "room1@contoso.com", expires: timedelta | None = SOON) -> Watch:
    """Store a watch whose subscription stands at Graph."""
    number = f"s-{mailbox}"
    end = START + (expires or SOON)
    url = "https://relay.example/api/notifications"
    world.subscriptions.standing[number] = Subscription(number, resource_of(mailbox), url, end)
    return world.watch(mailbox, subscription_id=number, expires=end)


def run(world: World) -> dict[str, int]:
    """Let the timer run."""
    return dict(renew(world))  # type: ignore[arg-type]  # a fake


def test_what_expires_soon_is_renewed_by_one_patch(world: World) -> None:
    """Nothing is reauthorized, listed or made anew; the row knows the new end."""
    watch = standing(world)
    assert run(world) == {"renewed": 1, "left": 0}
    assert world.subscriptions.calls == ["renew"]
    after = world.watches.get(watch.id)
    assert after is not None
    assert after.expires == world.time + timedelta(minutes=10_000)


def test_what_lives_long_is_left_alone(world: World) -> None:
    """Three days before the end by default."""
    standing(world, expires=timedelta(minutes=4_320))
    assert run(world) == {"left": 0}
    standing(world, "room2@contoso.com", expires=timedelta(minutes=4_319))
    assert run(world) == {"renewed": 1, "left": 0}


def test_what_graph_has_lost_is_made_anew(world: World) -> None:
    """A 404 at PATCH; the new subscription is noted."""
    watch = standing(world)
    world.subscriptions.standing.clear()
    assert run(world) == {"created": 1, "left": 0}
    assert world.subscriptions.calls == ["renew", "create"]
    after = world.watches.get(watch.id)
    assert after is not None
    assert list(world.subscriptions.standing) == [after.subscription_id]


def test_an_abandoned_setup_is_finished(world: World) -> None:
    """Not while somebody is still at it."""
    world.watch(state="pending", subscription_id="", expires=None)
    assert run(world) == {"left": 0}
    world.pass_by(61)
    assert run(world) == {"created": 1, "left": 0}


def test_a_failure_stops_nobody_else(world: World) -> None:
    """The other two are renewed, the failed one is tried at the next run."""
    for number in range(3):
        standing(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert run(world) == {"renewed": 2, "failed": 1, "left": 0}
    assert run(world) == {"renewed": 1, "left": 0}


def test_a_forbidden_mailbox_is_a_failure_of_its_own(world: World) -> None:
    """Somebody narrowed the scope in Exchange: the others go on."""
    standing(world)
    standing(world, "room2@contoso.com")
    world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied")]
    assert run(world) == {"renewed": 1, "failed": 1, "left": 0}


def test_a_mailbox_off_the_allow_list_is_left_to_expire() -> None:
    """It is neither renewed nor made anew."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    standing(world)
    assert run(world) == {"left": 0}
    assert world.subscriptions.calls == []


def test_the_most_urgent_come_first(world: World) -> None:
    """Without a subscription before all, then by their ends."""
    late, soon = standing(world, "a@contoso.com", 2 * SOON), standing(world, "b@contoso.com", SOON)
    never = world.watch("c@contoso.com", subscription_id="", expires=None)
    keys = [late.key_version]
    assert due_watches([late, soon, never], world.settings, world.time, keys) == [never, soon, late]


def test_a_watch_whose_key_has_retired_is_due_at_once(world: World) -> None:
    """Its notifications are taken for forged; with direct delivery the partner checks them, so those stay."""
    silent = standing(world, "a@contoso.com", timedelta(days=6))
    direct = world.watch("b@contoso.com", delivery="direct", key_version=silent.key_version, expires=silent.expires)
    assert due_watches([silent, direct], world.settings, world.time, ["another"]) == [silent]


def test_the_time_budget_ends_a_run_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is said; nothing is forgotten."""
    monkeypatch.setattr(renewing, "AT_ONCE", 1)
    for number in range(10):
        standing(world, f"room{number}@contoso.com")
    patch = world.subscriptions.renew

    def slow(subscription_id: str, expires: object) -> Subscription:
        world.pass_by(BUDGET.total_seconds() / 4)
        return patch(subscription_id, expires)  # type: ignore[arg-type]

    world.subscriptions.renew = slow  # type: ignore[method-assign]
    assert run(world) == {"renewed": 4, "left": 6}
    assert run(world) == {"renewed": 4, "left": 2}
    assert run(world) == {"renewed": 2, "left": 0}


def test_a_budget_leaves_the_host_its_time() -> None:
    """The host ends a function after ten minutes; a creation may take a minute."""
    assert timedelta(minutes=10) - BUDGET >= timedelta(minutes=2)


def test_the_pace_stays_under_graphs_limit(world: World) -> None:
    """500 writes in 20 seconds; a renewal may be two."""
    pace = Pace(WRITES, PER_SECONDS, world.now, world.sleep)
    moments = []
    for _ in range(WRITES * 2):
        pace.wait()
        moments.append(world.time)
    for first, last in zip(moments, moments[500:], strict=False):
        assert last - first >= timedelta(seconds=20)
    assert max(world.slept) <= PER_SECONDS / WRITES + 0.001


def test_a_watch_deleted_meanwhile_stays_deleted(world: World) -> None:
    """And what was made for it is removed."""
    standing(world)
    world.subscriptions.standing.clear()
    world.subscriptions.during_create = world.rows.rows.clear
    assert run(world) == {"deleted-meanwhile": 1, "left": 0}
    assert world.subscriptions.standing == {}


def test_a_hundred_watches_are_all_renewed(world: World) -> None:
    """By several lanes, each once, and at the pace."""
    for number in range(100):
        standing(world, f"room{number}@contoso.com")
    assert run(world) == {"renewed": 100, "left": 0}
    assert Counter(world.subscriptions.calls) == Counter(renew=100)
    assert len(world.slept) >= 50


def test_a_client_state_of_the_previous_key_is_replaced_before_it_retires(world: World) -> None:
    """Only two keys are known: after the next rotation every notification would be taken for forged."""
    standing(world)
    newest = Key("v2", b"the secret after a rotation", START - timedelta(days=30))
    next_one = Key("v3", b"the secret after another one", START - timedelta(days=1))
    world.keys = [newest, OLD]
    run(world)
    world.keys = [next_one, newest]
    world.pass_by(timedelta(days=6).total_seconds())
    run(world)
    watch = world.watches.get(watch_id_of("room1@contoso.com"))
    assert watch is not None
    state = world.subscriptions.states.get(watch.subscription_id)
    assert watch_named_by(state, world.keys) == watch.id
