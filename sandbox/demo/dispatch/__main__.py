"""`python -m sandbox.demo.dispatch`: play the day, then let a reader that knows nothing of the product judge it."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from sandbox.demo.dispatch.day import Day
from sandbox.demo.dispatch.judgement import Result
from sandbox.demo.dispatch.plan import Plan
from sandbox.demo.dispatch.reader import Reader, left_behind
from sandbox.demo.dispatch.stage import PATIENCE, Stage
from sandbox.demo.dispatch.starting import stack_of, start
from sandbox.demo.dispatch.trouble import Trouble
from sandbox.process import ROOT

RIGHT_SECONDS = 15.0
"""How long the reader waits at rest for both sides to be right."""


def main() -> int:
    """Run; return 1 if the sides differ, something is doubled or lost, or a name has leaked."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo.dispatch")
    parser.add_argument("--app", type=Path, default=ROOT, help="the folder of the relay, by default this one")
    parser.add_argument(
        "--acts", default="", help="names of acts after the morning's plan, with commas; all by default"
    )
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds until an act counts as lost")
    given = parser.parse_args()
    plan = Plan(secrets.token_hex(2))
    with tempfile.TemporaryDirectory(prefix="calendar-relay-dispatch-") as name:
        folder = Path(name)
        with stack_of(folder) as stack:
            stage = Stage(stack, plan, app=given.app, patience=given.patience)
            play(stage, given.acts.split(",") if given.acts else [])
            result = read(stage, Reader(stack, plan))
        result.leaked.extend(left_behind(folder, plan))
    return report(stage.problems, result)


def play(stage: Stage, wanted: list[str]) -> None:
    """Play the acts. The relay is killed first: its claim ends while the day goes on."""
    start(stage.stack, stage.app)
    day = Day(stage)
    trouble = Trouble(day)
    stage.head()
    if not wanted or "kill" in wanted:
        trouble.kill()
    day.plan_visits()
    acts = day.acts() | trouble.acts()
    for name in wanted or acts:
        if name in acts:
            acts[name]()
    trouble.recover()


def read(stage: Stage, reader: Reader) -> Result:
    """Read at rest, and for some seconds until the partner has the last change, too."""
    if not stage.until(reader.is_at_rest, 2 * stage.patience):
        stage.problems.append("never: at rest")
    stage.until(lambda: reader.result().is_right, min(RIGHT_SECONDS, stage.patience))
    return reader.result()


def report(problems: list[str], result: Result) -> int:
    """Print what is wrong, then the last line; return the exit code."""
    for line in (*problems, *result.doubled, *result.lost, *result.leaked, *result.apart):
        print(f"WRONG: {line}")
    print(result.line())
    return 0 if result.is_right and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
