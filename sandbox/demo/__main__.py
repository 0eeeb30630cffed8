"""`python -m sandbox.demo [--ics FILE]`: play the scenario, and optionally a file's events, then check the result."""

import argparse
import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.demo import table
from sandbox.demo.canaries import Canaries, canaries_below, canaries_in
from sandbox.demo.playback import Playback
from sandbox.demo.scenario import Scenario
from sandbox.demo.stage import Stage
from sandbox.stack import ROOMS, Stack

# Longer than a room takes to replace the title (flipSeconds); use the default of 10 seconds with a real tenant.
SETTINGS = {"SETTLE_SECONDS": "2"}
SEED: dict[str, Any] = {"settings": {"flipSeconds": 1.0, "hintsPerChange": [2, 4]}}


def main() -> int:
    """Run; return 1 if a change did not arrive, calendars differ, or a canary leaked."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo")
    parser.add_argument("--ics", type=Path, help="also play the events of this iCalendar file")
    arguments = parser.parse_args()
    if arguments.ics is not None and not arguments.ics.is_file():
        parser.error(f"there is no file {arguments.ics}")
    canaries = Canaries(secrets.token_hex(4))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-demo-") as name:
        folder = Path(name)
        with Stack(folder, SETTINGS, SEED) as stack:
            stage = _play(stack, canaries, arguments.ics)
            problems = stage.differences() + [f"breaks the contract: {violation}" for violation in _violations(stack)]
            leaks = [f"{name} at the partner" for name in canaries_in(_received_by(stack), canaries.secrets)]
        leaks += _left_behind(folder, canaries)  # storage has stopped, so all its data is on disk
    return _report(stage, problems, leaks)


def _play(stack: Stack, canaries: Canaries, ics: Path | None) -> Stage:
    stage = Stage(stack)
    for room in ROOMS:
        stage.watch(room)
    table.head()
    for acts in Scenario(stage, canaries).rounds():
        stage.play(acts)
    if ics is not None:
        for acts in Playback(ics, stack.tenant, ROOMS[-1]).rounds():
            stage.play(acts)
    return stage


def _violations(stack: Stack) -> list[Any]:
    violations: list[Any] = stack.partner.deliveries()["violations"]
    return violations


def _received_by(stack: Stack) -> bytes:
    return json.dumps(stack.partner.control("GET", "/raw"), ensure_ascii=False).encode()


def _left_behind(folder: Path, canaries: Canaries) -> list[str]:
    """Return the canaries in storage and logs, which must not even contain titles."""
    forbidden = canaries.secrets + canaries.titles
    leaks = canaries_below(folder / "storage", forbidden)
    return leaks + [f"{name} in host.log" for name in canaries_in((folder / "host.log").read_bytes(), forbidden)]


def _report(stage: Stage, problems: list[str], leaks: list[str]) -> int:
    """Print the problems, then the summary line; return the exit code."""
    for line in problems + leaks:
        print(f"WRONG: {line}")
    changes, arrived = len(stage.changes), sum(change.arrived is not None for change in stage.changes)
    print(f"demo: {changes} changes made, {arrived} delivered, {changes - arrived} lost, {len(leaks)} leaked")
    return 1 if problems or leaks or changes != arrived else 0


if __name__ == "__main__":
    sys.exit(main())
