"""Start a part of the sandbox as a separate process, wait for its ready line, and stop it by process id."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class NotReadyError(Exception):
    """A process exited or printed no ready line in time; the text ends with the last lines of its log."""


class Process:
    """A process `python -m MODULE ARGUMENTS`; `ready` is its first line of stdout, stderr goes to the file `log`."""

    def __init__(self, module: str, arguments: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._command = [sys.executable, "-m", module, *arguments]
        self._env = {**os.environ, **(env or {})}
        self.ready: dict[str, Any] = {}
        self.start()

    def start(self, seconds: float = 180.0) -> None:
        """Start it, or restart it after a stop, and wait until it is ready. Raises NotReadyError."""
        with self.log.open("ab") as log:
            # A separate process group: Ctrl-C reaches only the parent, which then stops its processes in order.
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._env, stdout=subprocess.PIPE, stderr=log, process_group=0
            )
        line = self._first_line(time.monotonic() + seconds)
        try:
            self.ready = json.loads(line)
        except ValueError:
            self.stop()
            raise NotReadyError(f"{' '.join(self._command[1:3])} is not ready:\n{self.tail()}") from None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """Stop it: SIGTERM, then SIGKILL after 20 seconds."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    close = stop  # for contextlib.closing

    def kill(self) -> None:
        """Kill it immediately: SIGKILL, without cleanup."""
        self._process.kill()
        self._process.wait()
        self._close()

    def cpu_and_memory(self) -> tuple[float, float]:
        """Return the processor time used in seconds and the peak memory in MiB."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _first_line(self, deadline: float) -> bytes:
        output = self._process.stdout
        while output is not None and time.monotonic() < deadline:
            if select.select([output], [], [], 0.2)[0]:
                return output.readline()
        return b""

    def _close(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
