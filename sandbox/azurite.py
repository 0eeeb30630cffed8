"""Start and stop Azurite, Microsoft's storage emulator (an npm package), on free ports."""

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
    """Azurite is not installed, exited during start-up, or was not ready in time."""


@dataclass
class Azurite:
    """A running Azurite; as a context manager it stops on exit.

    `ports` holds the port of each service (Blob, Queue, Table); `connection_string` names them.
    """

    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    log: IO[bytes]
    key: str

    @property
    def connection_string(self) -> str:
        """Value for AzureWebJobsStorage."""
        endpoints = (f"{name}Endpoint=http://127.0.0.1:{self.ports[name]}/{_ACCOUNT}" for name in _SERVICES)
        account = f"AccountName={_ACCOUNT};AccountKey={self.key}"
        return ";".join(("DefaultEndpointsProtocol=http", account, *endpoints)) + ";"

    def stop(self) -> None:
        """Stop the process: SIGTERM, so that data is written to disk; SIGKILL after ten seconds."""
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


def start_azurite(folder: Path | None = None, *, timeout: float = 180.0) -> Azurite:
    """Start Azurite with blobs, queues and tables on free ports; wait up to `timeout` seconds until it listens.

    Without `folder` everything is kept in memory, otherwise on disk in that folder, which is created if missing. Raises
    AzuriteError when it cannot be started.
    """
    command = [*_command(), *(["--inMemoryPersistence"] if folder is None else ["--location", str(folder)])]
    # The log is a file because nothing would drain a pipe. The process has its own group so that Ctrl-C in a terminal
    # does not stop the storage while the host still finishes its work.
    log = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process runs)
    # A random key instead of the published one, so that files in this folder trigger no secret scanner.
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
    """Return the command line without the storage location; port 0 binds a free port without a race."""
    node = shutil.which("node")
    if node is None or not _AZURITE.exists():
        raise AzuriteError("Azurite is not installed: install Node.js 20 or newer, then run `npm ci`")
    ports = [argument for name in ("blob", "queue", "table") for argument in (f"--{name}Port", "0")]
    # The storage libraries use a newer API version than Azurite supports, hence skipApiVersionCheck.
    return [node, str(_AZURITE), "--silent", "--disableTelemetry", "--skipApiVersionCheck", *ports]


def _await_ports(azurite: Azurite, deadline: float) -> None:
    """Read the log until all three services have reported their port."""
    while len(azurite.ports) < len(_SERVICES):
        exited = azurite.process.poll() is not None
        azurite.log.seek(0)
        text = azurite.log.read().decode(errors="replace")
        azurite.ports = {name: int(port) for name, port in _LISTENING.findall(text)}
        if exited or time.monotonic() > deadline:
            raise AzuriteError(f"Azurite {'exited' if exited else 'was not ready in time'}: {text.strip()}")
        time.sleep(0.02)
