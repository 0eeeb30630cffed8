"""Create a local certificate authority and a server certificate for localhost, with trustme."""

import os
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12


@dataclass(frozen=True)
class Certificates:
    """Paths of the PEM files: CA, server certificate with its key, and trusted roots including the CA."""

    ca_pem: Path
    server_pem: Path
    bundle: Path

    def write_pfx(self, password: str) -> Path:
        """Write the server's certificate as PKCS #12, the format that Core Tools needs, and return its path."""
        pem = self.server_pem.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("trustme issued a key that is not elliptic-curve")
        sealed = serialization.BestAvailableEncryption(password.encode())
        certificate = x509.load_pem_x509_certificate(pem)
        content = pkcs12.serialize_key_and_certificates(b"sandbox", key, certificate, None, sealed)
        pfx = self.server_pem.with_suffix(".pfx")
        _replace(pfx, content)
        return pfx


def make_certificates(folder: Path) -> Certificates:
    """Create the CA, a server certificate for localhost, 127.0.0.1 and ::1, and the bundle; reuse existing files.

    The bundle is for a child process's REQUESTS_CA_BUNDLE. It extends the bundle that this variable already names,
    since a machine may need its own roots; otherwise certifi's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    certificates = Certificates(folder / "ca.pem", folder / "server.pem", folder / "bundle.pem")
    # server.pem is written last: if it exists, so does ca.pem.
    if not (certificates.ca_pem.exists() and certificates.server_pem.exists()):
        _issue(certificates)
    if not certificates.bundle.exists():
        _replace(certificates.bundle, _roots() + b"\n" + certificates.ca_pem.read_bytes())
    return certificates


def _issue(certificates: Certificates) -> None:
    """Issue a new CA and server certificate; the CA's private key is not kept."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1", "::1")
    _replace(certificates.ca_pem, authority.cert_pem.bytes())
    certificates.bundle.unlink(missing_ok=True)
    _replace(certificates.server_pem, server.private_key_and_cert_chain_pem.bytes())


def _roots() -> bytes:
    """Return the roots that requests trusts on this machine."""
    named = os.environ.get("REQUESTS_CA_BUNDLE", "")
    return Path(named if named and Path(named).is_file() else certifi.where()).read_bytes()


def _replace(path: Path, content: bytes) -> None:
    """Write a file atomically, readable by its owner only, since one file holds a key."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)
