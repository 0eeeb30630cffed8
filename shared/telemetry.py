"""Write counters, gauges and audit lines to the log. Logs must contain nothing confidential: ids are shortened, and
event content is never logged.

Counters and gauges are lines of the logger "relay.metric", "name=number key=value". Alerts and the workbook parse the
text, because the Functions host forwards only the text of a Python log line, not its logger's name or `extra`
("Azure Functions: Python developer guide", Logging).
"""

from __future__ import annotations

import hashlib
import logging

_metrics = logging.getLogger("relay.metric")
_audit = logging.getLogger("relay.audit")


def quiet_libraries() -> None:
    """Stop libraries from logging every request.

    urllib3's warnings contain the path of the request, and so the mailbox's address; the relay's own errors suffice.
    """
    for name, level in (("azure", logging.WARNING), ("msal", logging.WARNING), ("urllib3", logging.ERROR)):
        logging.getLogger(name).setLevel(level)


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
