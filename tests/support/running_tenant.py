"""A tenant that serves in a thread, and its requests for tests."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.tenant.server import Addresses, serve
from sandbox.tenant.state import Tenant

TENANT_ID = "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10"
CLIENT_ID = "11111111-2222-4333-8444-555555555555"
SECRET = "first-secret"
USER_ASSIGNED = "99999999-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Running:
    """A serving tenant, and requests to it."""

    tenant: Tenant
    addresses: Addresses
    session: requests.Session

    @property
    def url(self) -> str:
        """Return the https origin."""
        return self.addresses.url

    @property
    def authority(self) -> str:
        """Return the authority for MSAL."""
        return f"{self.url}/{TENANT_ID}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request to a path of the https site."""
        return self.session.request(method, f"{self.url}{path}", timeout=180, **more)

    def token(self, audience: str) -> str:
        """Return a token that the login issues for the seeded client."""
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "scope": f"{audience}/.default",
        }
        answer = self.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a control request."""
        return self.call(method, f"/_control{path}", json=body)


@dataclass(frozen=True)
class Pair:
    """A self-signed certificate and its key, both PEM, and the file with the certificate."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    path: Path

    @property
    def key_pem(self) -> str:
        """Return the key as MSAL takes it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def certificate_pem(self) -> str:
        """Return the certificate as MSAL takes it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_pair(path: Path) -> Pair:
    """Create a self-signed certificate, and write it to a file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Pair(certificate, key, path)


def started(tenant: Tenant) -> tuple[Addresses, Callable[[], None]]:
    """Start serving in a thread, without Graph, which has its own tests; return the addresses, and a function that
    stops it.
    """
    ready: Future[tuple[Addresses, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stopped = asyncio.Event()
        async with serve(tenant, graph=False) as addresses:
            ready.set_result((addresses, asyncio.get_running_loop(), stopped))
            await stopped.wait()

    def guarded() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    addresses, loop, stopped = ready.result(timeout=180)

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(timeout=180)
        assert not thread.is_alive()

    return addresses, stop
