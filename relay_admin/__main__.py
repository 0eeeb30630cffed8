"""python -m relay_admin COMMAND: parses, signs in, runs one command, and ends with its exit code."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence

from relay_admin.arguments import parser
from relay_admin.errors import WRONG, Misused, Stopped
from relay_admin.output import Output
from relay_admin.relay import Relay
from relay_admin.sign_in import signed_in


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    asked = parser().parse_args(words)
    out = Output(as_json=asked.json)
    try:
        return int(asked.run(_relay(asked), out, asked))
    except Stopped as stopped:
        out.stopped(stopped)
        return stopped.code
    except KeyboardInterrupt:
        return WRONG


def _relay(asked: argparse.Namespace) -> Relay:
    url = asked.url or os.environ.get("RELAY_URL", "")
    return Relay(url, signed_in(_asked_for() if asked.ask_key else asked.key, asked.audience))


def _asked_for() -> str:
    """Return the key that is typed. Raises Misused when there is none, or nobody to ask."""
    try:
        key = getpass.getpass("Key of the relay: ")
    except EOFError:
        key = ""
    if not key:
        raise Misused("No key was given", "Paste it when it is asked for; it is not shown.")
    return key


if __name__ == "__main__":
    sys.exit(main())
