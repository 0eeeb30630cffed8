"""The certificate in the forms that Key Vault stores."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from shared.errors import ConfigurationError
from shared.graph.token import certificate_credential


def create_certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return a key and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256())


def test_a_certificate_is_read_from_pem_and_pkcs_12() -> None:
    """Both forms give the same key and certificate; an encrypted one is rejected."""
    key, certificate = create_certificate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    pem = private + certificate.public_bytes(Encoding.PEM).decode()
    pfx = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption())
    assert certificate_credential("c", pem) == {"private_key": pem, "public_certificate": pem}
    assert certificate_credential("c", base64.b64encode(pfx).decode()) == {
        "private_key": private, "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }  # fmt: skip
    locked = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, BestAvailableEncryption(b"password"))
    with pytest.raises(ConfigurationError, match=r"^c: "):
        certificate_credential("c", base64.b64encode(locked).decode())


@pytest.mark.parametrize("secret", ["", "canary", "!!!", "Y2FuYXJ5", "ø"])
def test_a_secret_that_is_no_certificate_is_named(secret: str) -> None:
    """The value is not shown."""
    with pytest.raises(ConfigurationError, match="graph-certificate") as caught:
        certificate_credential("graph-certificate", secret)
    assert "canary" not in str(caught.value)


def test_a_broken_pem_names_the_certificate_and_not_the_tenant() -> None:
    """Otherwise the administrator would look for the fault in TENANT_ID."""
    pem = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n"
    with pytest.raises(ConfigurationError, match="graph-certificate"):
        certificate_credential("graph-certificate", pem)
