"""Wrote the reference files from the code before the restructure; not to be run again.

Each file beside this one has what the process sent or stored at commit 7627993. The tests test_unchanged*.py compute
the same again and compare. A new run would take the current behaviour as the reference.
"""

from __future__ import annotations

from typing import Any

from tests.architecture.before.examples import CHANGES, EXAMPLES, MANY, READ_ONLY, REPAIRS, VALUES
from tests.architecture.outward import write
from tests.architecture.outward_functions import functions_now
from tests.architecture.outward_ids import id_of
from tests.architecture.outward_lines import lines_now, lines_of_a_day
from tests.architecture.outward_messages import digests_of, read_by, written_by
from tests.architecture.outward_rows import filters_now, queues_now, rows_now
from tests.architecture.outward_strings import dimensions_by_name, policy


def collect() -> None:
    """Write the files."""
    write("functions", {"all": functions_now("relay,calendars,scheduling,bookings"), "none": sorted(functions_now(""))})
    calls: dict[str, Any] = {
        kind: {name: list(*orders) for name, orders in names.items()} for kind, names in dimensions_by_name().items()
    }
    texts_of_logs = {"lines": lines_now(), "day": lines_of_a_day()}
    write("strings", {**calls, **texts_of_logs, "values": VALUES, "answers": policy()})
    ids = [{"kind": kind, "given": given, "id": id_of(kind, given)}
           for kind, some in EXAMPLES.items() for given in some]  # fmt: skip
    write("ids", ids)
    texts = [{"kind": kind, "given": given, "texts": written_by(kind, given), "read": given}
             for kind, some in (("changes", CHANGES), ("repairs", REPAIRS)) for given in some]  # fmt: skip
    older = [{"kind": kind, "text": text, "read": read_by(kind, text)} for kind, text in READ_ONLY]
    many = {"number": MANY, "digests": digests_of(MANY)}
    write("messages", {"written": texts, "older": older, "many": many})
    write("storage", {"queues": queues_now(), "rows": rows_now(), "filters": filters_now()})


if __name__ == "__main__":
    collect()
