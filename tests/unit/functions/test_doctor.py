"""The call that runs the doctor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions import auth, doctor
from functions.doctor import examine_relay
from tests.support.doctor_world import DoctorWorld
from tests.unit.functions.conftest import HostWorld, call, content_of


class Examined(DoctorWorld, HostWorld):
    """A world for the functions and for the doctor."""


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> Iterator[Examined]:
    """Return a world that the functions use as the process's relay."""
    world = Examined()
    for module in (auth, doctor):
        monkeypatch.setattr(module, "relay", lambda: world)
    yield world
    world.end()


def test_the_findings_are_a_200_even_if_a_check_fails(examined: Examined) -> None:
    """Each finding has its name, whether it is ok, a detail and what to do."""
    answer = call(examine_relay, body={"ping": False})
    content = content_of(answer)
    assert (answer.status_code, content["ok"]) == (200, True)
    assert {frozenset(check) for check in content["checks"]} == {frozenset({"name", "ok", "detail", "whatToDo"})}
    examined.store.wrong["/api/lifecycle"] = "answers 401"
    content = content_of(call(examine_relay))
    assert content["ok"] is False
    assert [check["name"] for check in content["checks"] if check["ok"] is False] == ["handshake"]


@pytest.mark.parametrize(("body", "status"), [(b"x", 400), ([], 400), ({"allowed": 1}, 422)])
def test_an_invalid_body_runs_no_check(examined: Examined, body: object, status: int) -> None:
    """Nothing is sent to the partner."""
    assert call(examine_relay, body=body).status_code == status
    assert examined.webhook.tried == []


def test_what_the_stop_would_forbid_is_left_out_while_it_is_unknown(examined: Examined) -> None:
    """Storage fails as the stop is read: no mailbox is read, and the partner is not called."""
    examined.rows.failing = 1
    content = content_of(call(examine_relay))
    assert [check["ok"] for check in content["checks"] if check["name"] == "stop"] == [None]
    assert (examined.probe.reads, examined.webhook.tried) == ([], [])
