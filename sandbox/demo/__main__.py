"""`python -m sandbox.demo [--ics FILE]`: play the scenario (and a file's events), then check every claim about it."""

import argparse
import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.demo import table
from sandbox.demo.canaries import Canaries, found_below, found_in
from sandbox.demo.filing import Filing
from sandbox.demo.scenario import Scenario
from sandbox.demo.stage import Stage
from sandbox.stack import ROOMS, Stack

# Longer than the room's title takes to become the organizer's name; a real tenant wants the default of 10 seconds.
SETTINGS = {"SETTLE_SECONDS": "2"}
SEED: dict[str, Any] = {"settings": {"flipSeconds": 1.0, "hintsPerChange": [2, 4]}}


def main() -> int:
    """Run; 1 when a change did not arrive, a picture differs, or a canary was found."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo")
    parser.add_argument("--ics", type=Path, help="an iCalendar file whose events are played, too")
    arguments = parser.parse_args()
    if arguments.ics is not None and not arguments.ics.is_file():
        parser.error(f"there is no file {arguments.ics}")
    canaries = Canaries(secrets.token_hex(4))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-demo-") as name:
        folder = Path(name)
        with Stack(folder, SETTINGS, SEED) as stack:
            stage = _play(stack, canaries, arguments.ics)
            problems = stage.differences() + [f"not by the contract: {one}" for one in _violations(stack)]
            leaks = [f"{word} at the partner" for word in found_in(_seen_by_partner(stack), canaries.secrets)]
        leaks += _left_behind(folder, canaries)  # storage has stopped, so all that it knew is on disk
    return _report(stage, problems, leaks)


def _play(stack: Stack, canaries: Canaries, ics: Path | None) -> Stage:
    stage = Stage(stack)
    for room in ROOMS:
        stage.watch(room)
    table.head()
    for acts in Scenario(stage, canaries).rounds():
        stage.play(acts)
    if ics is not None:
        for acts in Filing(ics, stack.tenant, ROOMS[-1]).rounds():
            stage.play(acts)
    return stage


def _violations(stack: Stack) -> list[Any]:
    violations: list[Any] = stack.partner.deliveries()["violations"]
    return violations


def _seen_by_partner(stack: Stack) -> bytes:
    return json.dumps(stack.partner.control("GET", "/raw"), ensure_ascii=False).encode()


def _left_behind(folder: Path, canaries: Canaries) -> list[str]:
    """Return the canaries found in storage and logs, where not even a title may be."""
    words = canaries.secrets + canaries.titles
    leaks = found_below(folder / "storage", words)
    return leaks + [f"{word} in host.log" for word in found_in((folder / "host.log").read_bytes(), words)]


def _report(stage: Stage, problems: list[str], leaks: list[str]) -> int:
    """Print what is wrong, then the last line; return the exit code."""
    for line in problems + leaks:
        print(f"WRONG: {line}")
    made, arrived = len(stage.changes), sum(change.arrived is not None for change in stage.changes)
    print(f"demo: {made} changes made, {arrived} delivered, {made - arrived} lost, {len(leaks)} leaked")
    return 1 if problems or leaks or made != arrived else 0


if __name__ == "__main__":
    sys.exit(main())
