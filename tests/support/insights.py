"""The tables of Application Insights, filled by what the code does: its log lines, and the runs of its functions.

A row has the columns that the project's queries read, as "Migrate to workspace-based Application Insights resources"
(Table schemas) names them; `success` is a text there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from shared import telemetry
from tests.support.kql import run

SEVERITIES = {"DEBUG": 0, "INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 4}


class Insights(logging.Handler):
    """Keeps each line of level INFO and higher, with its time by a clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(logging.INFO)
        self.now = now
        self.tables: dict[str, list[dict[str, Any]]] = {"traces": [], "requests": [], "exceptions": []}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line: the host keeps its text, with a traceback, and its level."""
        if not record.name.startswith(telemetry.HOST_LOGGERS):
            severity = SEVERITIES[record.levelname]
            self.tables["traces"].append(self._row(message=self.format(record), severityLevel=severity))

    def invoke(self, name: str, call: Callable[[], Any], milliseconds: float = 20.0) -> Any:
        """Run a function, and keep its request, and an exception that it raises, as the host does."""
        try:
            response = call()
        except Exception as error:
            self.tables["exceptions"].append(self._row(type=type(error).__name__, operation_Name=name))
            self._request(name, "0", milliseconds, is_success=False)
            raise
        status = getattr(response, "status_code", 0)  # a timer or a queue message has the code 0
        self._request(name, str(status), milliseconds, is_success=status < 400)
        return response

    def answer(self, query: str) -> list[dict[str, Any]]:
        """Return the result of a query now."""
        return run(query, self.tables, self.now())

    def _request(self, name: str, code: str, milliseconds: float, *, is_success: bool) -> None:
        row = self._row(name=name, operation_Name=name, resultCode=code, duration=milliseconds, success=str(is_success))
        self.tables["requests"].append(row)

    def _row(self, **columns: Any) -> dict[str, Any]:
        return {"timestamp": self.now(), "itemCount": 1, **columns}


@contextmanager
def insights(now: Callable[[], datetime]) -> Iterator[Insights]:
    """Keep what is logged meanwhile, with the version at the end of each line, as in the deployed app."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    level, handler = root.level, Insights(now)
    telemetry.add_version()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        logging.setLogRecordFactory(factory)
