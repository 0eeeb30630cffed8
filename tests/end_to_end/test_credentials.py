"""Claims about the other two ways to get a token for Graph: each delivers a change. Client secrets are the rest."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from sandbox.stack import Stack
from tests.end_to_end.world import World

APP = "22222222-3333-4444-5555-666666666666"


def _delivers(stack: Stack) -> None:
    world = World(stack)
    address = world.watched()
    world.book(address)
    world.in_step(address)
    checks = world.relay.call("GET", "/health/checks").json()["checks"]
    assert checks["graphToken"] == {"ok": True, "detail": "ok"}


def test_a_certificate_in_the_vault_delivers_a_change(tmp_path: Path) -> None:
    """With GRAPH_CREDENTIAL=certificate (PKCS #12 in base64, as Key Vault keeps it) no client secret is needed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "calendar-relay")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "app.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kept = pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, serialization.NoEncryption())
    seed = {
        "clients": [{"clientId": APP, "certificates": [str(pem)], "roles": ["Calendars.Read"]}],
        "secrets": {"graph-certificate": [b64encode(kept).decode()], "graph-client-secret": ["no use at all"]},
    }
    settings = {"GRAPH_CREDENTIAL": "certificate", "SETTLE_SECONDS": "0"}
    with Stack(tmp_path / "stack", settings, seed) as stack:
        _delivers(stack)


def test_a_managed_identity_delivers_a_change(tmp_path: Path) -> None:
    """With GRAPH_CREDENTIAL=managed-identity there is no secret for Graph at all."""
    seed = {
        "clients": [{"clientId": "33333333-3333-4444-5555-666666666666", "secrets": ["another app's"], "roles": []}],
        "managedIdentities": [
            {"clientId": None, "roles": [], "vault": True},
            {"clientId": APP, "roles": ["Calendars.Read"], "vault": False},
        ],
    }
    settings = {"GRAPH_CREDENTIAL": "managed-identity", "CLIENT_ID": APP, "SETTLE_SECONDS": "0"}
    with Stack(tmp_path / "stack", settings, seed) as stack:
        _delivers(stack)
