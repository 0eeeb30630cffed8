"""Service protection limits: requests, execution time and concurrent requests, each with its code and Retry-After."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.dataverse.seed import SeededDataverse, organization_from
from sandbox.tenant.seed import Seed, tenant_from
from tests.support.dataverse_world import APP, BOOKINGS, OTHER_APP, DataverseWorld, refusal

pytestmark = pytest.mark.server


@pytest.fixture
def seed() -> dict[str, Any]:
    """Return an environment with low limits."""
    return {
        "applicationUsers": {APP: "full", OTHER_APP: "full"},
        "settings": {"requests": 5, "executionSeconds": 60, "concurrency": 2},
    }


def test_requests_above_the_limit_get_429(world: DataverseWorld) -> None:
    """For five minutes, by the tenant's clock; Retry-After grows while the client goes on; others are not concerned."""
    for _ in range(5):
        world.get("WhoAmI")
    refused = [world.api("GET", "WhoAmI") for _ in range(2)]
    assert [refusal(each) for each in refused] == [(429, "0x80072322")] * 2
    waits = [int(each.headers["Retry-After"]) for each in refused]
    assert 290 < waits[0] <= 301
    assert waits[1] > waits[0] - 2
    assert world.api("GET", "WhoAmI", app=OTHER_APP).status_code == 200
    world.tenant.clock.advance(waits[1] + 1)
    assert world.api("GET", "WhoAmI").status_code == 200


def test_execution_time_above_the_limit_gets_429(world: DataverseWorld) -> None:
    """The time of the customer's plug-ins counts for the caller."""
    world.control("POST", "/settings", {"pluginSeconds": 60})
    assert world.api("POST", BOOKINGS, world.booking()).status_code == 204
    answer = world.api("GET", "WhoAmI")
    assert refusal(answer) == (429, "0x80072321")
    assert int(answer.headers["Retry-After"]) > 290


def test_too_many_at_once_get_429(world: DataverseWorld) -> None:
    """Those that are carried out are finished."""
    world.control("POST", "/settings", {"latencySeconds": 1})
    token = world.token()
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: world.api("GET", "WhoAmI", token=token), range(3)))
    refused = [each for each in answers if each.status_code != 200]
    assert [refusal(each) for each in refused] == [(429, "0x80072326")]
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert world.control("GET", "/limits") == {"refused": {"0x80072326": 1}, "mostAtOnce": 2}


def test_a_trial_has_a_tenth() -> None:
    """600 requests, two minutes, five at once."""
    tenant = tenant_from(Seed.model_validate({"tenantId": "t", "identityHeader": "h"}), Path())
    settings = organization_from(SeededDataverse.model_validate({"trial": True}), tenant).settings
    assert (settings.requests, settings.execution_seconds, settings.concurrency) == (600, 120.0, 5)
