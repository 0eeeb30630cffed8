"""The tenant as a process, its TLS, and the certificates in its folder."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests

from sandbox.certificates import make_certificates
from sandbox.tenant.__main__ import main
from sandbox.tenant.seed import Seed, tenant_from
from tests.support.running_tenant import CLIENT_ID, USER_ASSIGNED, Running

pytestmark = pytest.mark.server

COMMAND = [sys.executable, "-m", "sandbox.tenant"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_process_prints_its_addresses_and_ends_cleanly(
    seed: dict[str, Any], tmp_path: Path, ending: signal.Signals
) -> None:
    """It prints one line of JSON, both addresses respond, and a signal ends it with 0."""
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    command = [*COMMAND, "--folder", str(tmp_path / "folder"), "--seed", str(tmp_path / "seed.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            bundle = str(tmp_path / "folder" / "bundle.pem")
            with requests.Session() as session:
                session.trust_env = False
                assert session.get(f"{ready['url']}/_control/clock", verify=bundle, timeout=180).status_code == 200
                assert session.get(ready["identityUrl"], timeout=180).status_code == 401
            process.send_signal(ending)
            assert process.wait(timeout=180) == 0
            assert process.stdout.read() == ""
        finally:
            process.kill()


@pytest.mark.parametrize("more", [{}, {"dataverse": {}}], ids=["without", "with"])
def test_a_process_serves_the_environment_of_its_seed(
    seed: dict[str, Any], tmp_path: Path, more: dict[str, Any]
) -> None:
    """And prints its address; without one it prints two addresses alone."""
    (tmp_path / "seed.json").write_text(json.dumps({**seed, **more}))
    command = [*COMMAND, "--folder", str(tmp_path / "folder"), "--seed", str(tmp_path / "seed.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert ("dataverseUrl" in ready) is bool(more)
            if more:
                url, bundle = f"{ready['dataverseUrl']}/api/data/v9.2/WhoAmI", str(tmp_path / "folder" / "bundle.pem")
                with requests.Session() as session:
                    session.trust_env = False
                    assert session.get(url, verify=bundle, timeout=180).status_code == 401
        finally:
            process.terminate()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"tenantId": "t", "identityHeader": "h", "colour": "hush"}',
        '{"tenantId": "t", "identityHeader": "h", "clients": [{"clientId": "c", "certificates": ["/nowhere.pem"]}]}',
    ],
)
def test_a_bad_seed_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """The exit code is 2, and stderr has the error but no value: some are secrets."""
    (tmp_path / "seed.json").write_text(text)
    monkeypatch.setattr(sys, "argv", ["tenant", "--folder", str(tmp_path), "--seed", str(tmp_path / "seed.json")])
    assert main() == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "seed.json: " in shown.err
    assert "hush" not in shown.err


@pytest.mark.parametrize(
    ("version", "accepted"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_is_1_2_or_newer(running: Running, version: ssl.TLSVersion, accepted: bool) -> None:  # noqa: FBT001
    """A client with TLS 1.1 only is rejected, although it would allow any cipher."""
    context = ssl.create_default_context(cafile=str(running.tenant.folder / "ca.pem"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    port = int(running.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=180) as plain:
        if accepted:
            with context.wrap_socket(plain, server_hostname="localhost") as secured:
                assert secured.version() in ("TLSv1.2", "TLSv1.3")
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
                context.wrap_socket(plain, server_hostname="localhost")


def test_certificates_are_created_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call changes no file; only the owner may read the key."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    made = make_certificates(tmp_path / "new")
    before = {path: path.read_bytes() for path in (made.ca_pem, made.server_pem, made.bundle)}
    assert make_certificates(tmp_path / "new") == made
    assert {path: path.read_bytes() for path in before} == before
    assert made.server_pem.stat().st_mode & 0o077 == 0
    assert before[made.bundle] == Path(certifi.where()).read_bytes() + b"\n" + before[made.ca_pem]


def test_the_bundle_extends_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle contains the file in REQUESTS_CA_BUNDLE; a name of a missing file is ignored."""
    (tmp_path / "machine.pem").write_text("# the machine's roots\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "machine.pem"))
    assert make_certificates(tmp_path / "one").bundle.read_bytes().startswith(b"# the machine's roots\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert Path(certifi.where()).read_bytes() in make_certificates(tmp_path / "two").bundle.read_bytes()


def test_a_missing_server_certificate_is_recreated(tmp_path: Path) -> None:
    """A folder with half of the files gets a new CA, and a bundle that contains it."""
    made = make_certificates(tmp_path)
    old = made.ca_pem.read_bytes()
    made.server_pem.unlink()
    make_certificates(tmp_path)
    assert made.ca_pem.read_bytes() != old
    assert made.bundle.read_bytes().endswith(made.ca_pem.read_bytes())


def test_the_seed_becomes_a_tenant(seed: dict[str, Any], tmp_path: Path) -> None:
    """Clients, identities and mailboxes are found by lower-case id and address."""
    tenant = tenant_from(Seed.model_validate(seed), tmp_path)
    kinds = {client.managed_identity for client in tenant.clients.values()}
    assert kinds == {None, "system", "user"}
    assert len(tenant.clients[CLIENT_ID].certificates) == 1
    assert tenant.clients[USER_ASSIGNED].roles == {"Place.Read.All"}
    (system,) = [client for client in tenant.clients.values() if client.managed_identity == "system"]
    assert system.exchange == {"Calendars.ReadWrite": None}
    room = tenant.mailboxes["room1@contoso.com"]
    assert (room.display_name, room.kind, room.address) == ("Room 1", "room", "Room1@contoso.com")
    assert tenant.mailboxes[room.id] is room
    tenant.remove_mailbox(room)
    assert not tenant.mailboxes
