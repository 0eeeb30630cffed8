"""Claims about certificates and managed identities as credentials for Graph; the other tests use a client secret."""

from pathlib import Path

import pytest

from tests.support.app_certificate import new_certificate
from tests.support.relay import Relay

pytestmark = pytest.mark.long  # each starts a stack
APP = "22222222-3333-4444-5555-666666666666"


def _delivers(relay: Relay) -> None:
    address = relay.watched()
    relay.book(address)
    relay.in_step(address)
    checks = relay.api.call("GET", "/health/checks").json()["checks"]
    assert checks["graphToken"] == {"ok": True, "detail": "ok"}


def test_a_certificate_in_the_vault_delivers_a_change(tmp_path: Path) -> None:
    """GRAPH_CREDENTIAL=certificate (PKCS #12 in base64, as in Key Vault) needs no client secret."""
    pem, pkcs12 = new_certificate()
    (tmp_path / "app.pem").write_text(pem)
    seed = {
        "clients": [{"clientId": APP, "certificates": [str(tmp_path / "app.pem")], "roles": ["Calendars.Read"]}],
        "secrets": {"graph-certificate": [pkcs12], "graph-client-secret": ["not used"]},
    }
    settings = {"GRAPH_CREDENTIAL": "certificate", "SETTLE_SECONDS": "0"}
    with Relay.running(tmp_path / "stack", settings, seed) as relay:
        _delivers(relay)


def test_a_managed_identity_delivers_a_change(tmp_path: Path) -> None:
    """GRAPH_CREDENTIAL=managed-identity needs no secret for Graph."""
    seed = {
        "clients": [{"clientId": "33333333-3333-4444-5555-666666666666", "secrets": ["another app's"], "roles": []}],
        "managedIdentities": [
            {"clientId": None, "roles": [], "vault": True},
            {"clientId": APP, "roles": ["Calendars.Read"], "vault": False},
        ],
    }
    settings = {"GRAPH_CREDENTIAL": "managed-identity", "CLIENT_ID": APP, "SETTLE_SECONDS": "0"}
    with Relay.running(tmp_path / "stack", settings, seed) as relay:
        _delivers(relay)
