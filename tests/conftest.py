"""Settings for all tests: hypothesis' examples, and which tests may start servers.

The examples are the same at every run, so that a failure is reproducible; `make fuzz` tries new ones, for longer.
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


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude imported and collected objects from garbage collection, because none of them is freed."""
    gc.collect()
    gc.freeze()
    if session.config.getoption("loadgroup", default=False):
        ignored = [item.nodeid for item in session.items if "@" not in item.nodeid]
        assert ignored == [], "pytest-xdist ignores the groups: each worker would start every stack"


def _refuse_servers(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise when a test without the mark `server` binds an address or starts Azurite, because `make test-fast` excludes
    marked tests. Python has no event for listening; a client's socket is never bound here.
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
    """Record which test runs."""
    _running.append(item)
    try:
        return (yield)
    finally:
        _running.pop()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group tests that share a stack or a module's fixtures for `--dist loadgroup`, and run the longest first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group_of(item)))
    items.sort(key=_order)


def _group_of(item: pytest.Item) -> str:
    """Return the group of a test. Those that share a relay form two, because one after another they take too long."""
    if not _shares_relay(item):
        return str(item.path)
    return "shared relay, first half" if item.path.stem < "test_j" else "shared relay, second half"


def _order(item: pytest.Item) -> int:
    """Return 0 for tests that share a relay, then end to end, other tests with servers, and all others."""
    if _shares_relay(item):
        return 0
    if "end_to_end" in item.path.parts:
        return 1
    return 2 if item.get_closest_marker("server") else 3


def _shares_relay(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "shared_relay" in item.fixturenames
