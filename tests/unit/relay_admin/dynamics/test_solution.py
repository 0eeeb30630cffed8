"""The solution file with the webhooks: what it holds, and what it does not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from relay_admin.dynamics.hooks.solution import solution_file
from relay_admin.dynamics.hooks.state import HookState
from relay_admin.dynamics.hooks.steps import COLUMNS, ENDPOINT_ID, STEP_IDS
from relay_admin.errors import UsageError
from tests.support.webhook_command import Command

URL = "https://relay.azurewebsites.net/api/dataverse/notifications"
IDS = {name: f"00000000-0000-4000-8000-00000000000{number}" for number, name in enumerate(STEP_IDS)}
STATE = HookState(None, {}, (*COLUMNS, "msdyn_workorder"), {name: (each, each) for name, each in IDS.items()}, 0)


def parts(content: bytes) -> dict[str, ET.Element]:
    """Return the parts of a file, parsed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}  # noqa: S314  (of our own)


def test_the_file_has_the_three_parts_of_a_solution() -> None:
    """Its manifest names the endpoint and the steps by the ids that `setup`, `check` and `undo` know."""
    found = parts(solution_file(STATE, URL))
    assert set(found) == {"solution.xml", "customizations.xml", "[Content_Types].xml"}
    roots = [
        (each.get("type"), (each.get("id") or "").strip("{}")) for each in found["solution.xml"].iter("RootComponent")
    ]
    assert roots == [("95", ENDPOINT_ID), *(("92", each) for each in STEP_IDS.values())]
    assert found["solution.xml"].findtext(".//UniqueName") == "CalendarRelayWebhooks"


def test_endpoint_and_steps_are_those_of_the_direct_way() -> None:
    """Asynchronous, after the operation, of bookings; the columns are those of Update alone."""
    content = parts(solution_file(STATE, URL))["customizations.xml"]
    (endpoint,) = content.iter("ServiceEndpoint")
    shown = (endpoint.findtext("Contract"), endpoint.findtext("AuthType"), endpoint.findtext("Url"))
    assert shown == ("8", "5", URL)
    steps = list(content.iter("SdkMessageProcessingStep"))
    assert [each.findtext("SdkMessageId") for each in steps] == list(IDS.values())
    for name, step in zip(STEP_IDS, steps, strict=True):
        assert (step.get("SdkMessageProcessingStepId") or "").strip("{}") == STEP_IDS[name]
        told = [step.findtext(each) for each in ("Mode", "Stage", "AsyncAutoDelete", "EventHandler", "PrimaryEntity")]
        assert told == ["1", "40", "1", ENDPOINT_ID, "bookableresourcebooking"]
        columns = (step.findtext("FilteringAttributes") or "").split(",")
        assert columns == ([*COLUMNS, "msdyn_workorder"] if name == "Update" else [""])


def test_the_file_holds_no_secret_and_is_the_same_each_time() -> None:
    """What a solution holds can be exported by others; a pipeline compares files."""
    content = solution_file(STATE, URL)
    assert solution_file(STATE, URL) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = [archive.read(name).lower() for name in archive.namelist()]
    assert not any(b"authvalue" in text or b"secret" in text for text in texts)


def test_an_address_is_escaped() -> None:
    """It comes from an option."""
    content = parts(solution_file(STATE, 'https://relay.example/<&>"'))["customizations.xml"]
    assert content.findtext(".//Url") == 'https://relay.example/<&>"'


@pytest.mark.server
def test_the_command_writes_the_file_and_changes_nothing(command: Command, tmp_path: Path) -> None:
    """It reads the ids of the messages, and needs no vault."""
    path = tmp_path / "webhooks.zip"
    code, text = command.run("solution", "--url", "https://relay.azurewebsites.net", "--file", str(path))
    assert code == 0
    assert "then run rotate" in text
    steps = list(parts(path.read_bytes())["customizations.xml"].iter("SdkMessageProcessingStep"))
    assert all(len(each.findtext("SdkMessageId") or "") == 36 for each in steps)
    assert not command.vault.calls
    with pytest.raises(UsageError):
        command.run("solution", "--url", "https://relay.azurewebsites.net", "--file", str(tmp_path / "no" / "x.zip"))
