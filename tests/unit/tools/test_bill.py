"""The bill of materials is valid, complete and reproducible."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from sandbox.process import ROOT
from tools.bill import build_bill


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
def test_the_bill_names_every_pinned_package_with_its_hashes(bill: str) -> None:
    """It names what is deployed, and nothing else."""
    text = (ROOT / "requirements.txt").read_text()
    pins = set(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))
    assert len(pins) > 10
    components = json.loads(bill)["components"]
    assert {(component["name"], component["version"]) for component in components} == pins
    files = [file for component in components for file in component["externalReferences"]]
    hashes = {item["content"] for file in files for item in file["hashes"]}
    assert hashes == set(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))


@pytest.mark.long
def test_the_bill_is_reproducible(bill: str, tmp_path: Path) -> None:
    """A second build can be compared byte for byte."""
    build_bill(tmp_path / "again.cdx.json")
    assert (tmp_path / "again.cdx.json").read_text() == bill
    assert not {"serialNumber"} & json.loads(bill).keys()
    assert "timestamp" not in json.loads(bill)["metadata"]
