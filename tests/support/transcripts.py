"""Compares the commands and outputs in docs/command-line.md and transcripts.md with real ones.

What differs between runs is masked on both sides: ids, times, addresses, and the padding of tables.
"""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.process import ROOT

PAGES = (ROOT / "docs" / "command-line.md", Path(__file__).with_name("transcripts.md"))
PROMPT = "$ python -m relay_admin "
STEPS = "… the remaining steps\n"  # of `uninstall`, which the page leaves out
_MASKS = (
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT"),
    (r"https://[\w.-]+(:\d+)?", "URL"),
    (r"\b\d+ (clientState keys?|versions?) in use", "KEYS in use"),
    (r"clock is \d+ s (ahead of|behind)", "clock is some seconds off"),
    (r"\d+ changes and \d+ repairs wait", "SOME wait"),
    (r"ok; \d+ messages", "ok; SOME messages"),
    (r"\b\d+\.\d+\.\d+\b", "VERSION"),
    (r"[─\s]+", " "),
)


def shown() -> dict[str, str]:
    """Return the outputs on the pages, by command."""
    blocks = [block for page in PAGES for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)]
    parts = [part for block in blocks for part in re.split(rf"^{re.escape(PROMPT)}", block, flags=re.MULTILINE)[1:]]
    steps = Path(__file__).with_name("uninstall_steps.txt").read_text()
    outputs = (part.replace(STEPS, steps).partition("\n") for part in parts)
    return {command.strip(): output for command, _, output in outputs}


def masked(text: str) -> str:
    """Return a text with masks for what differs between runs."""
    for pattern, mask in _MASKS:
        text = re.sub(pattern, mask, text)
    return text.strip()
