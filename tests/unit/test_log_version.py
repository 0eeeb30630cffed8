"""Each log line ends with the version, once; and the process says at its start what runs."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterator

import pytest

from shared import telemetry
from shared.package import Package
from shared.version import VERSION

END = f" v={VERSION}"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Install the version at the end of lines, and return what a handler of the root writes, as the worker's does."""
    before, written = logging.getLogRecordFactory(), io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    root.addHandler(handler)
    telemetry.add_version()
    yield written
    root.removeHandler(handler)
    logging.setLogRecordFactory(before)


def test_each_line_ends_with_the_version(lines: io.StringIO) -> None:
    """Whatever its logger and its arguments; a percent sign that is no place for an argument stays."""
    logging.getLogger("relay.any").warning("%d of %s", 3, "100 %")
    logging.getLogger("azure.core").error("100 % sure")
    logging.getLogger("relay.any").error(ValueError("an error as the text"))
    logging.getLogger("relay.any").warning("%(name)s", {"name": "x"})
    expected = ["3 of 100 %", "100 % sure", "an error as the text", "x"]
    assert lines.getvalue().splitlines() == [text + END for text in expected]


def test_an_object_is_converted_by_the_handler(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which handles an error of it: a log line that cannot be written must not fail its caller."""

    class Broken:
        """An object without a text."""

        def __str__(self) -> str:
            """Fail."""
            raise ValueError

    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger("relay.any").warning(Broken())
    logging.getLogger("relay.any").warning({"a": 1})
    assert lines.getvalue() == f"{{'a': 1}}{END}\n"


def test_metrics_and_audit_lines_end_with_it(lines: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    """After the dimensions, so that what precedes it is as before."""
    with caplog.at_level(logging.INFO):
        telemetry.count("changes", 3, end="posted")
        telemetry.gauge("changes_parked", 0)
        telemetry.audit("pause", "key", reason="why")
    assert lines.getvalue().splitlines() == [
        f"changes=3 end=posted{END}", f"changes_parked=0 {END}", f"pause by key: reason='why'{END}"
    ]  # fmt: skip


def test_the_version_precedes_a_traceback_and_follows_several_lines(lines: io.StringIO) -> None:
    """It ends the message: what follows is the exception's own."""
    logger = logging.getLogger("relay.any")
    try:
        int("why")
    except ValueError:
        logger.exception("It failed")
    logger.warning("first\nsecond\n")
    written = lines.getvalue().splitlines()
    assert written[0] == f"It failed{END}"
    assert written[1].startswith("Traceback")
    assert written[-2:] == ["first", f"second{END}"]


def test_a_line_has_it_once(lines: io.StringIO) -> None:
    """Also if it is installed again, and if a record is handled twice."""
    telemetry.add_version()
    logger = logging.getLogger("relay.any")
    again = logging.StreamHandler(lines)
    logger.addHandler(again)
    logger.warning("text")
    logger.removeHandler(again)
    assert lines.getvalue().splitlines() == [f"text{END}"] * 2
    record = logging.makeLogRecord({"name": "relay.any", "msg": f"text{END}"})
    assert record.getMessage() == f"text{END}"


def test_threads_that_start_at_once_install_it_once(lines: io.StringIO) -> None:
    """The first invocations of a process may run at the same time."""
    logging.setLogRecordFactory(logging.LogRecord)
    starting = threading.Barrier(8)

    def start() -> None:
        starting.wait()
        telemetry.add_version()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logging.getLogger("relay.any").warning("text")
    assert lines.getvalue() == f"text{END}\n"


@pytest.mark.parametrize("name", ["azure.functions", "azure.functions.http", "azure_functions_runtime", "proxy_worker"])
def test_lines_of_the_host_stay_as_they_are(lines: io.StringIO, name: str) -> None:
    """They do not reach the customer's Application Insights, and say nothing of the relay."""
    logging.getLogger(name).warning("text")
    assert lines.getvalue() == "text\n"


def test_the_start_line_says_what_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Version, commit and the whole hash; "none" in a checkout."""
    with caplog.at_level(logging.INFO, "relay.start"):
        telemetry.log_start(Package("1a2b3c4d" * 8, "c0ffee"))
        telemetry.log_start(Package())
    assert caplog.messages == [
        f"relay.start version={VERSION} commit=c0ffee package={'1a2b3c4d' * 8}",
        f"relay.start version={VERSION} commit=none package=none",
    ]


def test_the_process_installs_it_and_writes_the_start_line_at_its_first_use(
    lines: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    """Once: the second use returns the same relay."""
    from shared.bootstrap.app import relay  # imported here: it is the relay of the whole process

    logging.setLogRecordFactory(logging.LogRecord)
    with caplog.at_level(logging.INFO):
        assert relay.__wrapped__() is not None
    started = [line for line in lines.getvalue().splitlines() if line.startswith("relay.start")]
    assert len(started) == 1
    assert re.fullmatch(r"relay\.start version=\S+ commit=\S+ package=\S+ v=\d+\.\d+\.\d+", started[0])
