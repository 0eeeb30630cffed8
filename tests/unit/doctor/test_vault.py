"""The doctor says which secrets the template made, and whether the identifier key is there."""

from __future__ import annotations

import base64

import pytest

from shared.doctor.finding import Finding
from shared.doctor.vault import OF_THE_TEMPLATE
from shared.errors import ServiceUnavailable
from tests.support.doctor_world import SECRET, DoctorWorld


def findings(world: DoctorWorld) -> dict[str, Finding]:
    """Return the findings about the vault by name."""
    return {finding.name: finding for finding in world.doctor.vault.check_secrets()}


def test_a_secret_of_the_template_is_to_be_rotated() -> None:
    """It works, so the finding is ok; the remedy is the command. The client secret is a person's."""
    world = DoctorWorld()
    world.secrets.content_type = OF_THE_TEMPLATE
    seen = findings(world)
    assert {name for name, finding in seen.items() if finding.remedy} == {"clientStateKey", "signingSecret"}
    for check, name in (("clientStateKey", "client-state-key"), ("signingSecret", "partner-signing-secret")):
        assert seen[check].ok is True
        assert seen[check].detail.endswith("; made by the template")
        assert f"python -m relay_admin rotate {name}" in seen[check].remedy


def test_a_rotated_secret_has_no_remedy() -> None:
    """`rotate` writes no contentType; a person may write another one."""
    world = DoctorWorld()
    for content_type in ("", "text/plain"):
        world.secrets.content_type = content_type
        assert {finding.remedy for finding in findings(world).values()} == {""}


def test_two_signing_secrets_are_a_rotation() -> None:
    """The number is shown, so that nobody forgets to finish it."""
    world = DoctorWorld()
    world.secrets.values["partner-signing-secret"] = f"{SECRET} {SECRET}"
    finding = findings(world)["signingSecret"]
    assert (finding.ok, finding.detail) == (
        True, "partner-signing-secret is in the vault and signs with 2 secrets, during a rotation"
    )  # fmt: skip


def test_a_missing_identifier_key_is_no_fault() -> None:
    """Ids are made as before. A vault that cannot be asked is one."""
    world = DoctorWorld()
    del world.secrets.values["identifier-key"]
    finding = findings(world)["identifierKey"]
    assert (finding.ok, "infra/main.bicep" in finding.remedy) == (True, True)
    world.secrets.values["identifier-key"] = ServiceUnavailable("Key Vault")
    assert findings(world)["identifierKey"].ok is False


@pytest.mark.parametrize("key", [b"x" * 32, b"secret" * 6, bytes(24)])
def test_a_signing_secret_that_can_be_guessed_is_said(key: bytes) -> None:
    """Deliveries go on, because the partner verifies with it; also during a rotation, whichever of the two it is."""
    world = DoctorWorld()
    weak, strong = (f"whsec_{base64.b64encode(each).decode()}" for each in (key, bytes(range(32))))
    for value in (weak, f"{strong} {weak}"):
        world.secrets.values["partner-signing-secret"] = value
        finding = findings(world)["signingSecret"]
        assert (finding.ok, "few different bytes" in finding.detail) == (False, True)
        assert "rotate partner-signing-secret" in finding.remedy
        assert value not in str(finding)


@pytest.mark.parametrize("key", ["i" * 43, "short", "abcabcabcabcabcabcabcabcabcabcabcabc"])
def test_an_identifier_key_that_can_be_guessed_is_said(key: str) -> None:
    """Calls with an Idempotency-Key are refused meanwhile: the doctor must not call it fine."""
    world = DoctorWorld()
    world.secrets.values["identifier-key"] = key
    finding = findings(world)["identifierKey"]
    assert (finding.ok, "can be guessed" in finding.detail, key in str(finding)) == (False, True, False)
    assert "infra/main.bicep" in finding.remedy
