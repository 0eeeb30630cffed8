"""Write counters, gauges and audit lines to the log. Logs must contain nothing confidential: ids are shortened, and
event content is never logged.

Counters and gauges are lines of the logger "relay.metric", "name=number key=value". Alerts and the workbook parse the
text, because the Functions host forwards only the text of a Python log line, not its logger's name or `extra`
("Azure Functions: Python developer guide", Logging). For the same reason, each line ends with the version: " v=1.2.3".
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.version import VERSION

if TYPE_CHECKING:
    from shared.package import Package

_metrics = logging.getLogger("relay.metric")
_audit = logging.getLogger("relay.audit")
_start = logging.getLogger("relay.start")
SUFFIX = f" v={VERSION}"
# The worker treats lines of these loggers as the host's own (azure-functions-python-worker, proxy_worker/logging.py).
HOST_LOGGERS = ("azure.functions", "azure_functions_runtime", "proxy_worker")
_factory_lock = threading.Lock()


def quiet_libraries() -> None:
    """Stop libraries from logging every request.

    urllib3's warnings contain the path of the request, and so the mailbox's address; the relay's own errors suffice.
    """
    for name, level in (("azure", logging.WARNING), ("msal", logging.WARNING), ("urllib3", logging.ERROR)):
        logging.getLogger(name).setLevel(level)


class _RecordsWithVersion:
    """A factory of log records whose text ends with the version; `make` is the factory before it."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        """Return a record. Its message's arguments are inserted later, by the handlers."""
        record = self._make(*args, **kwargs)
        if not isinstance(record.msg, str) and not record.args:  # an object: handlers convert it, and catch its errors
            record.msg, record.args = "%s", (record.msg,)
        text = str(record.msg).rstrip()
        if text and not str(record.name).startswith(HOST_LOGGERS):  # logging.makeLogRecord fills in the text afterwards
            record.msg = text + SUFFIX
        return record


def add_version() -> None:
    """Make each later log line of this process end with the version; calling it again changes nothing.

    By a factory of records, because it serves all loggers and handlers, and a record that is handled twice has a single
    suffix. Where a line has a traceback, formatters append that to the message, so the suffix precedes it.
    """
    with _factory_lock:
        present = logging.getLogRecordFactory()
        if not isinstance(present, _RecordsWithVersion):
            logging.setLogRecordFactory(_RecordsWithVersion(present))


def log_start(package: Package) -> None:
    """Write what runs: version, commit and package hash; "none" in a checkout."""
    commit, package_hash = package.commit or "none", package.hash or "none"
    _start.info("relay.start version=%s commit=%s package=%s", VERSION, commit, package_hash)


def count(name: str, number: int = 1, **dimensions: str | float) -> None:
    """Write a counter; 0 is not written."""
    if number:
        _write(name, number, dimensions)


def gauge(name: str, number: int, **dimensions: str | float) -> None:
    """Write a gauge, also when it is 0, because that ends an alert."""
    _write(name, number, dimensions)


def audit(action: str, caller: str, **what: str | float) -> None:
    """Write an audit line for an administrator's action. Values contain ids and reasons only."""
    text = " ".join(f"{key}={value!r}" for key, value in what.items())
    _audit.warning("%s by %s: %s", action, caller, text, extra={"audit": action, "caller": caller, **what})


def short(identifier: str) -> str:
    """Return a short fingerprint of an id or address: enough to correlate log lines."""
    return hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()[:12]


def _write(name: str, number: int, dimensions: dict[str, str | float]) -> None:
    text = " ".join(f"{key}={value}" for key, value in dimensions.items())
    _metrics.info("%s=%d %s", name, number, text, extra={"metric": name, "number": number, **dimensions})
