"""Stops at the tenant: a call is held before or after its work, so that its caller can be killed there."""

import threading

import pytest

from tests.support.running_tenant import TENANT_ID, Running

pytestmark = pytest.mark.server

DISCOVERY = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_call_is_held_until_it_is_released(running: Running, moment: str) -> None:
    """The second that matches; control, and other calls, are not held."""
    body = {"match": "GET .*openid-configuration", "nth": 2, "moment": moment}
    stop = running.control("POST", "/stops", body).json()["id"]
    assert running.call("GET", DISCOVERY).status_code == 200
    assert running.control("GET", f"/stops/{stop}?seconds=0").json() == {"held": False}
    statuses: list[int] = []
    call = threading.Thread(target=lambda: statuses.append(running.call("GET", DISCOVERY).status_code))
    call.start()
    assert running.control("GET", f"/stops/{stop}").json() == {"held": True}
    assert running.call("GET", f"/{TENANT_ID}/discovery/v2.0/keys").status_code == 200
    assert statuses == []
    assert running.control("DELETE", "/stops").status_code == 204
    call.join(30)
    assert statuses == [200]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("POST", "/stops", {"match": "x", "nth": 0}, 400), ("POST", "/stops", {}, 400), ("GET", "/stops/7", None, 404),
     ("DELETE", "/stops/7", None, 404)],
)  # fmt: skip
def test_a_wrong_stop_is_refused(running: Running, method: str, path: str, body: object, status: int) -> None:
    """With the reason."""
    answer = running.control(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]
