"""The vault is gone while subscriptions are replaced: none is deleted before the key for its successor was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.graph.client_state import Key
from tests.simulation.tenant import WATCHES, Tenant
from tests.simulation.world import FakeKeys


class FailingKeys(FakeKeys):
    """Keys that can be read so many times more; None: without end."""

    def __init__(self, keys: Callable[[], list[Key]]) -> None:
        super().__init__(keys)
        self.reads_left: int | None = None

    def __call__(self) -> list[Key]:
        """Return the keys, or raise ServiceUnavailable."""
        if self.reads_left == 0:
            raise ServiceUnavailable("Key Vault")
        if self.reads_left is not None:
            self.reads_left -= 1
        return super().__call__()


@pytest.mark.parametrize("is_retired", [False, True], ids=["old key", "retired key"])
@pytest.mark.parametrize("reads", range(2, 30, 3))
def test_no_subscription_is_deleted_without_the_key_of_its_successor(
    tenant: Tenant, reads: int, *, is_retired: bool
) -> None:
    """The vault fails after some reads of a mass replacement. What was deleted by then has a successor by then."""
    world, graph = tenant.world, tenant.world.subscriptions
    keys = FailingKeys(lambda: world.keys)
    world._outside["client_state_keys"] = keys
    world.start()
    for _ in range(1 + is_retired):
        world.time += timedelta(hours=1)
        world.rotate()
    world.time += timedelta(days=4)  # with an old key a subscription is replaced when its end is near
    keys.reads_left = reads
    served: Sequence[int] = ()
    for _ in range(8):
        try:
            world.reconciler.reconcile()
            world.process()
        except ServiceUnavailable:
            pass
        served = (*served, tenant.served)
        world.time += timedelta(minutes=5)
    assert served == (WATCHES,) * 8
    keys.reads_left = None
    tenant.runs(6)
    assert (tenant.served, tenant.states) == (WATCHES, {"live"})
    assert graph.deleted or reads < 5  # something was replaced, unless the vault failed at once
