"""Claims about the call by which an administrator has the relay examined."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions import auth, doctor
from functions.doctor import examine_relay
from tests.support.doctor_world import DoctorWorld
from tests.unit.functions.conftest import HostWorld, call, content_of


class Examined(DoctorWorld, HostWorld):
    """A world that the functions know and the doctor can examine."""


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> Iterator[Examined]:
    """Return it as the process's relay."""
    made = Examined()
    for module in (auth, doctor):
        monkeypatch.setattr(module, "relay", lambda: made)
    yield made
    made.end()


def test_the_findings_are_answered_with_200_whatever_they_are(examined: Examined) -> None:
    """Each with its name, whether it is well, what was seen, and what to do."""
    answer = call(examine_relay, body={"ping": False})
    content = content_of(answer)
    assert (answer.status_code, content["ok"]) == (200, True)
    assert {frozenset(check) for check in content["checks"]} == {frozenset({"name", "ok", "detail", "whatToDo"})}
    examined.store.wrong["/api/lifecycle"] = "answers 401"
    content = content_of(call(examine_relay))
    assert content["ok"] is False
    assert [check["name"] for check in content["checks"] if check["ok"] is False] == ["handshake"]


@pytest.mark.parametrize(("body", "status"), [(b"x", 400), ([], 400), ({"allowed": 1}, 422)])
def test_a_bad_body_examines_nothing(examined: Examined, body: object, status: int) -> None:
    """And nothing is sent to the partner."""
    assert call(examine_relay, body=body).status_code == status
    assert examined.webhook.tried == []
