"""What holds for all tests: hypothesis' examples, and which tests may start servers.

The examples are the same at every run, so that a red build is red for everybody; `make fuzz` searches anew, and longer.
"""

import gc
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import examples

settings.register_profile(
    "steady", derandomize=True, deadline=None, max_examples=examples(100), database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile(
    "long", deadline=None, max_examples=1_000, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

_running: list[pytest.Item] = []


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of the garbage collector's way: it lives to the end."""
    gc.collect()
    gc.freeze()


def _refuse_servers(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise where a test without the mark `server` binds an address or starts Azurite, as `make test-fast` leaves out
    what is marked. Python has no event for listening; a client's socket is never bound here.
    """
    if event not in ("socket.bind", "subprocess.Popen") or not _running:
        return
    if event == "subprocess.Popen" and "azurite" not in str(arguments[1]):
        return
    if _running[-1].get_closest_marker("server") is None:
        raise RuntimeError("this test starts a server: mark it with pytest.mark.server")


sys.addaudithook(_refuse_servers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Remember which test runs."""
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.pop()
