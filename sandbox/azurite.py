"""The real Azurite (Microsoft's storage emulator, an npm package) on free ports, started and stopped."""

import base64
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_AZURITE = Path(__file__).parents[1] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at http://127\.0\.0\.1:(\d+)")
_SERVICES = ("Blob", "Queue", "Table")
_ACCOUNT = "sandbox"


class AzuriteError(Exception):
    """Azurite is not installed, ended at once, or did not answer in time."""


@dataclass
class Azurite:
    """A running Azurite; as a context manager it is stopped on leaving.

    `connection_string` names the ports of this process; `ports` gives them by service (Blob, Queue, Table).
    """

    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    log: IO[bytes]
    key: str

    @property
    def connection_string(self) -> str:
        """What AzureWebJobsStorage is set to."""
        endpoints = (f"{name}Endpoint=http://127.0.0.1:{self.ports[name]}/{_ACCOUNT}" for name in _SERVICES)
        account = f"AccountName={_ACCOUNT};AccountKey={self.key}"
        return ";".join(("DefaultEndpointsProtocol=http", account, *endpoints)) + ";"

    def stop(self) -> None:
        """End the process: SIGTERM, so that what is kept on disk is written; after ten seconds SIGKILL."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start_azurite(folder: Path | None = None, *, timeout: float = 60.0) -> Azurite:
    """Start Azurite with blobs, queues and tables on free ports; wait (`timeout` seconds) until it listens.

    Everything is in memory when `folder` is None, else on disk there (made if absent) and kept.
    Raises AzuriteError when it cannot be started.
    """
    command = [*_command(), *(["--inMemoryPersistence"] if folder is None else ["--location", str(folder)])]
    # Its log goes to a file: nobody has to drain a pipe. Its own process group: a terminal's Ctrl-C must not
    # take the storage away from a host that is still finishing its work.
    log = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
    # A key of its own instead of the published one: what lies in this folder looks like no secret of anybody's.
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    env = {**os.environ, "AZURITE_ACCOUNTS": f"{_ACCOUNT}:{key}"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, process_group=0)
    azurite = Azurite(process, {}, log, key)
    try:
        _await_ports(azurite, time.monotonic() + timeout)
    except BaseException:
        azurite.stop()
        raise
    return azurite


def _command() -> list[str]:
    """Give the command line but for the place of the data; port 0 binds what is free, without a race."""
    node = shutil.which("node")
    if node is None or not _AZURITE.exists():
        raise AzuriteError("Azurite is not installed: install Node.js 20 or newer, then run `npm ci`")
    ports = [word for name in ("blob", "queue", "table") for word in (f"--{name}Port", "0")]
    # The storage libraries speak a newer API version than Azurite knows, hence skipApiVersionCheck.
    return [node, str(_AZURITE), "--silent", "--disableTelemetry", "--skipApiVersionCheck", *ports]


def _await_ports(azurite: Azurite, deadline: float) -> None:
    """Read the log until all three services have said where they listen."""
    while len(azurite.ports) < len(_SERVICES):
        ended = azurite.process.poll() is not None
        azurite.log.seek(0)
        text = azurite.log.read().decode(errors="replace")
        azurite.ports = {name: int(port) for name, port in _LISTENING.findall(text)}
        if ended or time.monotonic() > deadline:
            raise AzuriteError(f"Azurite {'ended' if ended else 'did not answer in time'}: {text.strip()}")
        time.sleep(0.02)
