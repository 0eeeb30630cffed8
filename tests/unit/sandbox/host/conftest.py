"""Hosts and a storage for the tests of the Functions host."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sandbox.azurite import start_azurite
from tests.support.host_process import (
    ROOT,
    RunningHost,
    StartHost,
    host_command,
    host_environment,
    write_app,
)


@pytest.fixture(scope="module")
def start_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartHost]:
    """Return a function that starts a host of an app's source; end all hosts afterwards."""
    with ExitStack() as stack:

        def start(source: str, *arguments: str, host_json: object = None, **settings: str) -> RunningHost:
            folder = tmp_path_factory.mktemp("host")
            app = write_app(folder / "app", source, host_json)
            log = folder / "stderr"
            process = subprocess.Popen(
                host_command(app, *arguments),
                cwd=ROOT,
                env=host_environment(**settings),
                stdout=subprocess.PIPE,
                stderr=stack.enter_context(log.open("w")),
                text=True,
            )
            stack.callback(_end, process)
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            ready = json.loads(line)
            return RunningHost(process, ready["url"], ready["functions"], log)

        yield start


def _end(process: subprocess.Popen[str]) -> None:
    """End a process by its id."""
    process.terminate()
    process.wait(40)
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """Return the connection string of an Azurite for all tests here; each uses queues with its own names."""
    with start_azurite() as azurite:
        yield azurite.connection_string
