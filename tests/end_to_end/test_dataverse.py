"""Claims about the set-up of the feature dataverse: from nothing to the first event, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.az import profile
from sandbox.az.environment import az_environment
from tests.support.command_line import CommandLine, Completed
from tests.support.relay import Relay, ago
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

OLA = "ola@contoso.com"
SETTINGS = {
    "FEATURES": "dataverse", "ALLOWED_MAILBOXES": OLA, "DATAVERSE_RESOURCES": "column:new_calendarrelay",
    "DATAVERSE_SCHEDULE": "*/2 * * * * *",
}  # fmt: skip


class Administrator:
    """The command line with the master key, and with the sign-in of the stand-in for az."""

    def __init__(self, relay: Relay, folder: Path) -> None:
        self._run, self._relay = CommandLine(relay), relay
        self._environ = az_environment(relay.tenant.url, folder, relay.stack.certificates.bundle)
        profile.save(folder, profile.Account("admin@contoso.com", relay.stack.seed["tenantId"]))

    def of_environment(self, verb: str, *arguments: str) -> Completed:
        """Run a verb of the environment for the relay's identity."""
        where = ("--environment", self._relay.stack.dataverse.url, "--app-id", self._relay.client_id)
        return self._run("dataverse", verb, *where, *arguments, **self._environ)

    def of_relay(self, verb: str, *arguments: str) -> Completed:
        """Run a verb of the relay."""
        return self._run("dataverse", verb, "--json", *arguments)

    def finding(self, name: str) -> dict[str, Any]:
        """Return a finding of the doctor."""
        checks = self._run("doctor", "--json", "--no-ping").content["checks"]
        return dict({check["name"]: check for check in checks}[name])


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose relay has no application user, and may write one calendar."""
    seed = {"resources": [{"mailbox": OLA, "marked": True}]}
    with Relay.running(tmp_path_factory.mktemp("dataverse"), SETTINGS, dataverse=seed) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", "Calendars.ReadWrite", mailboxes=[OLA])
        relay.stack.dataverse.control("POST", f"/users/{relay.client_id}", {"privileges": None})
        yield relay


@pytest.fixture
def administrator(relay: Relay, tmp_path: Path) -> Administrator:
    """Return the administrator."""
    return Administrator(relay, tmp_path)


def events(relay: Relay) -> list[dict[str, Any]]:
    """Return the events of the next two days."""
    return relay.tenant.calendar(OLA, ago(hours=1), ago(hours=-48))


def test_from_nothing_to_the_first_event_and_back(relay: Relay, administrator: Administrator) -> None:
    """The doctor and `check` name what is missing; after start a booking is an event; a hold delays; undo ends it."""
    environment = relay.stack.dataverse
    assert administrator.finding("dataverse")["ok"] is False
    assert administrator.of_environment("check").code == 1
    done = administrator.of_environment("setup", "--yes")
    assert done.code == 0, done.out + done.err
    assert administrator.of_environment("check").code == 0
    for name in ("dataverse", "dataverseRights", "dataverseTracking"):
        assert administrator.finding(name)["ok"] is True, administrator.finding(name)
    start = datetime.now(UTC) + timedelta(hours=3)
    booking = environment.book(OLA, start, start + timedelta(hours=1))
    planned = administrator.of_relay("plan")
    assert planned.code == 0, planned.err
    assert [each["eventsToMake"] for each in planned.content["resources"]] == [1]
    assert events(relay) == []
    assert administrator.of_relay("status").content["startedAt"] is None
    started = administrator.of_relay("start")
    assert started.code == 0, started.err
    assert started.content["resources"] == 1
    eventually(lambda: len(events(relay)) == 1)
    status = administrator.of_relay("status").content
    assert status["startedAt"] is not None
    assert status["organization"] == started.content["organization"]
    assert (status["oldestHintSeconds"], status["mailboxesHeld"], status["heldSince"]) == (0, 0, None)
    assert administrator.of_relay("hold").content["heldSince"] is not None
    checks = relay.api.call("GET", "/health/checks", key="master").json()["checks"]
    assert {name: checks[name]["ok"] for name in ("dataverseReading", "dataverseHints", "dataverseHeld")} == {
        "dataverseReading": True, "dataverseHints": True, "dataverseHeld": False,
    }  # fmt: skip
    environment.remove(booking["bookableresourcebookingid"])
    released = administrator.of_relay("release")
    assert (released.code, released.content["heldSince"]) == (0, None)
    eventually(lambda: events(relay) == [])
    undone = administrator.of_environment("undo", "--yes")
    assert undone.code == 0, undone.err
    assert administrator.finding("dataverse")["ok"] is False
