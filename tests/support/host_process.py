"""Hosts in processes of their own, because azure.functions registers functions per process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]


@dataclass
class RunningHost:
    """A host process that has reported that it is ready; `log` is the file of its stderr."""

    process: subprocess.Popen[str]
    url: str
    functions: list[str]
    log: Path

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the host."""
        return requests.request(method, self.url + path, timeout=180, **options)


StartHost = Callable[..., RunningHost]


def write_app(folder: Path, source: str, host_json: object = None) -> Path:
    """Write the folder of an app."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "function_app.py").write_text(source)
    (folder / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
    return folder


def host_command(app: Path, *arguments: str) -> list[str]:
    """Return the command line of a host."""
    return [sys.executable, "-m", "sandbox.host", "--app", str(app), *arguments]


def host_environment(**settings: str) -> dict[str, str]:
    """Return the environment of a host: the current one with these settings."""
    return {**os.environ, **settings}


def eventually(claim: Callable[[], object], seconds: float = 180.0) -> None:
    """Wait until a claim is true; fail with its last value after the time limit."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, f"never held: {value!r}"
        time.sleep(0.02)
