"""$batch."""

from typing import Any

import pytest

from tests.support.graph_world import IMMUTABLE, OTHER_ROOM, ROOM, World, fits, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{ROOM}/events"


def _part(part_id: str, url: str = EVENTS, **more: Any) -> dict[str, Any]:
    """Return one part."""
    return {"id": part_id, "method": "GET", "url": url, **more}


def _run(world: World, *parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Run a batch and return its responses by id."""
    answer = world.graph("POST", "/$batch", {"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    responses = answer.json()["responses"]
    assert len(responses) == len(parts)
    return {each["id"]: each for each in responses}


def test_each_part_has_its_own_response(world: World) -> None:
    """Statuses, headers and bodies are the parts' own; the batch itself is 200."""
    booked = world.book()
    nested = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": {"requests": [_part("1")]}}
    done = _run(
        world,
        _part("a", f"{EVENTS}/{booked['id']}?$select=subject", headers=IMMUTABLE),
        _part("b", f"{EVENTS}/{booked['id'][:-9]}AAAAAAAA="),
        _part("c", "/users/nobody@contoso.com/events"),
        _part("d", "/places/microsoft.graph.room"),
        _part("e", "/$batch", **nested),
    )
    assert {key: each["status"] for key, each in done.items()} == {"a": 200, "b": 404, "c": 404, "d": 403, "e": 400}
    assert (done["a"]["body"]["id"], done["a"]["body"]["subject"]) == (booked["immutableId"], "Board meeting")
    assert done["b"]["body"]["error"]["code"] == "ErrorItemNotFound"


def test_a_part_may_have_a_body(world: World) -> None:
    """A subscription can be renewed in a batch; a part without a response body has none."""
    made = world.subscribe()
    path = f"/subscriptions/{made['id']}"
    done = _run(
        world,
        _part(
            "1",
            path,
            method="PATCH",
            body={"expirationDateTime": world.after(days=1)},
            headers={"Content-Type": "application/json"},
        ),
    )
    assert fits("subscription", done["1"]["body"])
    done = _run(world, _part("1", path, method="DELETE"))
    assert (done["1"]["status"], "body" in done["1"]) == (204, False)


def test_responses_come_in_any_order(world: World) -> None:
    """Over several batches the order differs from the requests'."""
    ids = [str(number) for number in range(10)]
    orders = []
    for _ in range(3):
        body = {"requests": [_part(one) for one in ids]}
        orders.append([each["id"] for each in world.graph("POST", "/$batch", body).json()["responses"]])
    assert all(sorted(order) == ids for order in orders)
    assert any(order != ids for order in orders)


def test_twenty_parts_do_not_throttle_themselves(world: World) -> None:
    """Graph runs at most four parts at a time, so a whole batch may read one mailbox."""
    world.tenant.settings["latencySeconds"] = 0.01
    done = _run(world, *[_part(str(number)) for number in range(20)])
    assert {each["status"] for each in done.values()} == {200}


def test_a_failed_dependency_gets_424(world: World) -> None:
    """A part that depends on a failed one does not run; one that depends on a successful one runs after it."""
    done = _run(
        world,
        _part("1", "/users/nobody@contoso.com/events"),
        _part("2", dependsOn=["1"]),
        _part("3", f"/users/{OTHER_ROOM}/events"),
        _part("4", dependsOn=["3"]),
    )
    assert [done[key]["status"] for key in "1234"] == [404, 424, 200, 200]


def test_a_planted_fault_meets_a_single_part(world: World) -> None:
    """A fault that matches a part's own path replaces its response only, Retry-After included."""
    fault = {"match": f"GET /v1.0{EVENTS}$", "status": 429, "times": 1, "headers": {"Retry-After": "7"}, "body": {}}
    world.control("POST", "/faults", fault)
    done = _run(world, _part("1"), _part("2", f"/users/{OTHER_ROOM}/events"))
    assert (done["1"]["status"], done["1"]["headers"]["Retry-After"], done["2"]["status"]) == (429, "7", 200)


@pytest.mark.parametrize(
    "requests",
    [
        [],
        None,
        "x",
        [_part(str(number)) for number in range(21)],
        [_part("1"), _part("1")],
        [{"id": "1", "method": "GET"}],
        [_part("1", extra=1)],
        [{**_part("1"), "id": 1}],
        [_part("1", "https://graph.microsoft.com/v1.0/users")],
        [_part("1", method="TRACE")],
        [_part("1", method="POST", body={})],
        [_part("1", dependsOn=["2"])],
    ],
)
def test_a_malformed_batch_gets_400(world: World, requests: Any) -> None:
    """Too many parts, a repeated id, unknown keys, a body without its Content-Type: no part runs."""
    answer = world.graph("POST", "/$batch", {"requests": requests})
    assert refusal(answer)[0] == 400
    assert world.control("GET", "/calls") == {"POST /$batch": 1}
