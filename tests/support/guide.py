"""docs/partner-guide.md for the tests: its examples run, and its tables are compared with the code."""

import json
import re
import subprocess
from typing import Any

from sandbox.process import ROOT

GUIDE = (ROOT / "docs" / "partner-guide.md").read_text()
_FOR_EACH = """
import { readFileSync } from "node:fs";
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((one) => judged(...one))));
"""
_SIGN = """
import { Webhook } from "standardwebhooks";
const judged = (secret, id, seconds, body) => new Webhook(secret).sign(id, new Date(seconds * 1000), body);
"""


def blocks(language: str) -> list[str]:
    """Return the page's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def rows_below(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without its header."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def in_python() -> dict[str, Any]:
    """Run the page's Python and return its definitions."""
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "partner-guide.md", "exec"), names)  # noqa: S102  (the page's own example)
    return names


def verified_in_node(cases: list[tuple[dict[str, str], str, list[str]]]) -> list[Any]:
    """Call the page's `verified` in Node for each (headers, body, secrets)."""
    (block,) = blocks("js")
    return _in_node(block + "const judged = verified;" + _FOR_EACH, cases)


def signed_in_node(cases: list[tuple[str, str, int, str]]) -> list[str]:
    """Return the signatures of Node's library for each (secret, id, seconds, body)."""
    return _in_node(_SIGN + _FOR_EACH, cases)


def _in_node(script: str, cases: list[Any]) -> list[Any]:
    """Run a script on cases; it finds modules from this repository's folder."""
    run = subprocess.run(
        ["node", "--input-type=module", "-e", script], cwd=ROOT, input=json.dumps(cases), text=True,
        capture_output=True, timeout=180, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found: list[Any] = json.loads(run.stdout)
    return found
