"""`python -m tests.bench`: measure, and print each figure beside its goal."""

import itertools
import os
import sys
import tempfile
from pathlib import Path

from sandbox.stack import Stack
from tests.bench import costs, delivery, imports, intake, rooms

SEED = {"settings": {"hintsPerChange": [3, 3], "hintSpreadSeconds": 0.3}}


def main() -> int:
    """Run everything; it never fails for a figure."""
    for row in imports.measure():
        print(row.line(), flush=True)
    folder = tempfile.TemporaryDirectory(prefix="calendar-relay-bench-")
    with folder, Stack(Path(folder.name), {"SETTLE_SECONDS": "2"}, SEED) as stack:
        os.environ.update(stack.env)  # some parts run in this process, and find the sandbox's CA there
        for row in itertools.chain(delivery.measure(stack), intake.measure(stack)):
            print(row.line(), flush=True)
    with tempfile.TemporaryDirectory(prefix="calendar-relay-bench-") as alone:
        for row in rooms.measure(Path(alone)):
            print(row.line(), flush=True)
    with tempfile.TemporaryDirectory(prefix="calendar-relay-bench-") as alone:
        for row in costs.measure(Path(alone)):
            print(row.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
