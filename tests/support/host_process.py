"""What starts hosts as processes, for azure.functions keeps its registrations in the process."""

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
    """A host process that has said it is ready; `log` is what it writes on stderr."""

    process: subprocess.Popen[str]
    url: str
    functions: list[str]
    log: Path

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the host."""
        return requests.request(method, self.url + path, timeout=20, **options)


StartHost = Callable[..., RunningHost]


def write_app(folder: Path, source: str, host_json: object = None) -> Path:
    """Write an app's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "function_app.py").write_text(source)
    (folder / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
    return folder


def host_command(app: Path, *arguments: str) -> list[str]:
    """Give the command line of a host."""
    return [sys.executable, "-m", "sandbox.host", "--app", str(app), *arguments]


def host_environment(**settings: str) -> dict[str, str]:
    """Give the environment of a host: this one with some settings."""
    return {**os.environ, **settings}


def eventually(claim: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until a claim holds; fail with its last value if it never does."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, f"never held: {value!r}"
        time.sleep(0.02)
