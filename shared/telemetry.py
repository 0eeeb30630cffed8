"""Logs and counters that may be read by anybody: ids are shortened, content never gets here.

Counters and gauges are log lines of the logger "relay.metric", "name=number key=value". The text is what alerts and
the workbook read: the Functions host passes on a Python log line's text, but neither its logger's name nor its `extra`
("Azure Functions: Python developer guide", Logging).
"""

from __future__ import annotations

import hashlib
import logging

_metrics = logging.getLogger("relay.metric")
_audit = logging.getLogger("relay.audit")


def quiet_libraries() -> None:
    """Keep libraries from logging every request, which would drown what an administrator looks for.

    urllib3 warns with the path of a request, and so with the mailbox's address: our own errors say enough.
    """
    for name, level in (("azure", logging.WARNING), ("msal", logging.WARNING), ("urllib3", logging.ERROR)):
        logging.getLogger(name).setLevel(level)


def count(name: str, number: int = 1, **dimensions: str | float) -> None:
    """Count something that an administrator may want a figure of; a number of 0 is not written."""
    if number:
        _write(name, number, dimensions)


def gauge(name: str, number: int, **dimensions: str | float) -> None:
    """Say how something stands now; 0 is said, too, because an alert ends with it."""
    _write(name, number, dimensions)


def audit(action: str, caller: str, **what: str | float) -> None:
    """Note who did what to the relay, for whoever has to answer for it later. Values hold ids and reasons only."""
    text = " ".join(f"{key}={value!r}" for key, value in what.items())
    _audit.warning("%s by %s: %s", action, caller, text, extra={"audit": action, "caller": caller, **what})


def short(identifier: str) -> str:
    """Return a short fingerprint of an id or address: enough to follow one thing through the logs."""
    return hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()[:12]


def _write(name: str, number: int, dimensions: dict[str, str | float]) -> None:
    text = " ".join(f"{key}={value}" for key, value in dimensions.items())
    _metrics.info("%s=%d %s", name, number, text, extra={"metric": name, "number": number, **dimensions})
