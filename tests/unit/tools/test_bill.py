"""The bill of materials is valid, complete and reproducible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from sandbox.process import ROOT
from shared.version import VERSION
from tools.bill import build_bill
from tools.package.lock import LOCK, pins_of
from tools.package.wheels import WHEELS, provide, sha256


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the bill of materials."""
    target = tmp_path_factory.mktemp("bill") / "bill.cdx.json"
    build_bill(target)
    return target.read_text()


@pytest.mark.long
def test_the_bill_is_valid_cyclonedx(bill: str) -> None:
    """It satisfies the library's schema, in strict mode."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None


@pytest.mark.long
def test_the_bill_names_every_wheel_of_the_package(bill: str) -> None:
    """With the hash of the wheel that is unpacked, and nothing else."""
    pins = pins_of(LOCK)
    assert len(pins) > 10
    components = json.loads(bill)["components"]
    assert {(component["name"], component["version"]) for component in components} == {
        (pin.name, pin.version) for pin in pins
    }
    files = [file for component in components for file in component["externalReferences"]]
    hashes = [item["content"] for file in files for item in file["hashes"]]
    assert sorted(hashes) == sorted(sha256(wheel) for wheel in provide(WHEELS, LOCK))


@pytest.mark.long
def test_the_bill_states_version_and_licence(bill: str) -> None:
    """Those of the relay itself."""
    component = json.loads(bill)["metadata"]["component"]
    assert (component["name"], component["version"]) == ("calendar-relay", VERSION)
    assert component["licenses"] == [{"license": {"acknowledgement": "declared", "id": "MIT"}}]
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


@pytest.mark.long
def test_the_bill_is_reproducible(bill: str, tmp_path: Path) -> None:
    """A second build can be compared byte for byte."""
    build_bill(tmp_path / "again.cdx.json")
    assert (tmp_path / "again.cdx.json").read_text() == bill
    assert not {"serialNumber"} & json.loads(bill).keys()
    assert "timestamp" not in json.loads(bill)["metadata"]
