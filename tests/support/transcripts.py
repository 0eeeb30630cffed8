"""What docs/command-line.md shows of commands and their output, compared with what really comes.

What differs from run to run is masked on both sides: ids, moments, addresses, and how a table is filled up.
"""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.process import ROOT

PAGE = ROOT / "docs" / "command-line.md"
PROMPT = "$ python -m relay_admin "
_MASKS = (
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT"),
    (r"https://[\w.-]+(:\d+)?", "URL"),
    (r"\b\d+ (clientState keys?|versions?) in use", "KEYS in use"),
    (r"clock is \d+ s (ahead of|behind)", "clock is some seconds off"),
    (r"\d+ changes and \d+ repairs wait", "SOME wait"),
    (r"ok; \d+ messages", "ok; SOME messages"),
    (r"[─\s]+", " "),
)


def shown(page: Path = PAGE) -> dict[str, str]:
    """Return the output that the page shows, by the command."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
    parts = [part for block in blocks for part in re.split(rf"^{re.escape(PROMPT)}", block, flags=re.MULTILINE)[1:]]
    return {command.strip(): output for command, _, output in (part.partition("\n") for part in parts)}


def masked(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, mask in _MASKS:
        text = re.sub(pattern, mask, text)
    return text.strip()
