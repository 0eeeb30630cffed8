"""Claims about the pause of all calls of Dataverse: its length, its end, and its probe."""

from __future__ import annotations

import pytest

from tests.support.pairs_world import PairsWorld
from tests.support.throttling import another_instance, refuse

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]


def test_503_without_retry_after_pauses_longer_each_time(world: PairsWorld) -> None:
    """5 seconds, doubled; the first answer ends it."""
    world.begin_to_follow()
    lengths = []
    for _ in range(4):
        refuse(world, 503, None, match="WhoAmI")
        with pytest.raises(Exception, match="503"):
            world.dynamics.call("GET", "WhoAmI")
        until = world.dynamics_breaker.until()
        assert until is not None
        lengths.append(round((until - world.now()).total_seconds()))
        world.dataverse.tenant.clock.advance(lengths[-1] + 1)
    assert lengths == [5, 10, 20, 40]
    world.dynamics.call("GET", "WhoAmI")
    assert world.dynamics_breaker.until() is None


def test_an_answer_to_an_earlier_call_ends_no_pause(world: PairsWorld) -> None:
    """A call was under way when another one was refused; its answer says nothing of the pause."""
    world.begin_to_follow()
    other = another_instance(world)
    refuse(world, 429, 60, match="bookingstatuses")

    def refused(when: str) -> None:
        if when == "after":
            world.to_dynamics.on_call = lambda _: None
            with pytest.raises(Exception, match="429"):
                other.call("GET", "bookingstatuses")

    world.to_dynamics.on_call = refused
    world.dynamics.call("GET", "WhoAmI")
    world.dataverse.tenant.clock.advance(50)
    world.forget_calls()
    with pytest.raises(Exception, match="429"):
        world.dynamics.call("GET", "WhoAmI")
    assert world.to_dynamics.calls == []


def test_a_probe_that_was_lost_is_followed_by_another(world: PairsWorld) -> None:
    """Its worker was killed: after 40 seconds the next one probes."""
    world.begin_to_follow()
    refuse(world, 503, None, match="WhoAmI")
    with pytest.raises(Exception, match="503"):
        world.dynamics.call("GET", "WhoAmI")
    world.dataverse.tenant.clock.advance(6)
    world.dynamics_breaker.require()
    with pytest.raises(Exception, match="429"):
        world.dynamics_breaker.require()
    world.dataverse.tenant.clock.advance(41)
    world.dynamics.call("GET", "WhoAmI")
    assert world.dynamics_breaker.until() is None
