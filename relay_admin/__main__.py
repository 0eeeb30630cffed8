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
    key = getpass.getpass("Key of the relay: ") if asked.ask_key else asked.key
    if asked.ask_key and not key:
        raise Misused("No key was given", "Paste it when it is asked for; it is not shown.")
    return Relay(url, signed_in(key, asked.audience))


if __name__ == "__main__":
    sys.exit(main())
