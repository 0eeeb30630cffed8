"""docs/partner-calendars.md for the tests: its examples run against a relay."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

from sandbox.process import ROOT
from tests.support.relay import Relay

PAGE = (ROOT / "docs" / "partner-calendars.md").read_text()
RUN = """
import { readFileSync } from "node:fs";
console.log(JSON.stringify(await book(...JSON.parse(readFileSync(0, "utf8")))));
"""


def block(language: str) -> str:
    """Return the page's only code block of a language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(block)


def in_python() -> dict[str, Any]:
    """Run the page's Python and return its definitions."""
    names: dict[str, Any] = {}
    exec(compile(block("python"), "partner-calendars.md", "exec"), names)  # noqa: S102  (the page's own example)
    return names


def booked_in_node(relay: Relay, *arguments: Any) -> subprocess.CompletedProcess[str]:
    """Call the page's `book` in Node."""
    node = shutil.which("node")
    assert node is not None
    environment = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(relay.stack.certificates.ca_pem)}
    return subprocess.run(
        [node, "--input-type=module", "-e", block("js") + RUN], env=environment, input=json.dumps(arguments), text=True,
        capture_output=True, timeout=180, check=False,
    )  # fmt: skip
