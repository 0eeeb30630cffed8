"""The doctor of an app with broken settings, which it has to name."""

from __future__ import annotations

from shared.bootstrap.app import App
from shared.doctor.request import DoctorRequest
from shared.doctor.runtime import REMEDIES

BROKEN = {
    "GRAPH_BASE_URL": "nonsense", "ALLOWED_MAILBOXES": "@Microsoft.KeyVault(x)", "PARTNER_WEBHOOK_URL": "nonsense",
    "GRAPH_CREDENTIAL": "none", "CLIENT_STATE_KEY_NAME": "@Microsoft.KeyVault(x)", "INBOUND_RESTRICTED": "perhaps",
}  # fmt: skip


def test_every_check_has_a_finding_despite_broken_settings() -> None:
    """The settings are named, and no check fails with an unexpected error."""
    findings = {finding.name: finding for finding in App(BROKEN).doctor.examine(DoctorRequest())}
    assert findings.keys() == {
        "package", "settings", "clientStateKey", "signingSecret", "graphSecret", "identifierKey", "token", "storage",
        "clock", "allowList", "calendarsRead", "exchangeScope", "roomLists", "handshake", "partner", *REMEDIES,
    }  # fmt: skip
    assert all(name in findings["settings"].detail for name in BROKEN)
    assert {name for name, finding in findings.items() if finding.ok is not False} == {"package"}
    assert [finding for finding in findings.values() if "could not be" in finding.detail] == []
