"""A local certificate authority and a server certificate for localhost, made by trustme."""

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
    """Where the files lie, all PEM: the CA, the server's certificate with its key, and a bundle of roots with
    the CA.
    """

    ca_pem: Path
    server_pem: Path
    bundle: Path

    def write_pfx(self, password: str) -> Path:
        """Write the server's certificate as PKCS #12, the only form that Core Tools takes, and return its path."""
        pem = self.server_pem.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("trustme made another kind of key")
        sealed = serialization.BestAvailableEncryption(password.encode())
        certificate = x509.load_pem_x509_certificate(pem)
        content = pkcs12.serialize_key_and_certificates(b"sandbox", key, certificate, None, sealed)
        pfx = self.server_pem.with_suffix(".pfx")
        _replace(pfx, content)
        return pfx


def make_certificates(folder: Path) -> Certificates:
    """Make the CA, a server certificate for localhost, 127.0.0.1 and ::1, and the bundle; reuse what lies
    there.

    The bundle is for a child process's REQUESTS_CA_BUNDLE. It builds on the one that this variable names
    already, since a machine may need its own roots, and on certifi's otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "bundle.pem")
    # server.pem is written last, so its presence means that the CA's lies there too.
    if not (made.ca_pem.exists() and made.server_pem.exists()):
        _issue(made)
    if not made.bundle.exists():
        _replace(made.bundle, _roots() + b"\n" + made.ca_pem.read_bytes())
    return made


def _issue(made: Certificates) -> None:
    """Make a new CA and server certificate; the CA's own key is forgotten."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1", "::1")
    _replace(made.ca_pem, authority.cert_pem.bytes())
    made.bundle.unlink(missing_ok=True)
    _replace(made.server_pem, server.private_key_and_cert_chain_pem.bytes())


def _roots() -> bytes:
    """Return the roots that requests trusts on this machine."""
    named = os.environ.get("REQUESTS_CA_BUNDLE", "")
    return Path(named if named and Path(named).is_file() else certifi.where()).read_bytes()


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, readable by its owner only (one of them holds a key), so that no reader sees half
    of it.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)
