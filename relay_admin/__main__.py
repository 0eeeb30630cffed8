"""`python -m relay_admin COMMAND`: parse, sign in, run one command, and exit with its code."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence

from relay_admin.arguments import parser
from relay_admin.azd import azd_value
from relay_admin.client import RelayClient
from relay_admin.errors import FAILED, CommandError, UsageError
from relay_admin.output import Output, escape_missing_characters
from relay_admin.sign_in import can_be_typed, credentials


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    escape_missing_characters(sys.stdout, sys.stderr)
    options = parser().parse_args(argv)
    out = Output(as_json=options.json)
    try:
        return int(options.run(_client(options) if calls_relay(options, os.environ) else None, out, options))
    except CommandError as error:
        out.error(error)
        return error.code
    except KeyboardInterrupt:
        return FAILED


def calls_relay(options: argparse.Namespace, environ: Mapping[str, str]) -> bool:
    """Return whether the command calls the relay: `dataverse setup` only with a key or a token for it."""
    if options.calls_relay or not getattr(options, "webhooks", False):
        return bool(options.calls_relay)
    typed = options.key or options.prompt_for_key or options.audience
    return bool(typed or environ.get("RELAY_KEY") or environ.get("RELAY_AUDIENCE"))


def _client(options: argparse.Namespace) -> RelayClient:
    url = options.url or os.environ.get("RELAY_URL", "")
    if not url and "url_from_azd" in options:
        url = azd_value("RELAY_URL")
    return RelayClient(url, credentials(_typed_key() if options.prompt_for_key else options.key, options.audience))


def _typed_key() -> str:
    """Prompt for a key and return it. Raises UsageError for empty input or without a terminal."""
    if not can_be_typed(os.name, sys.stdin):
        raise UsageError("No key can be typed here", "Run this command in a console, or set RELAY_KEY.")
    try:
        key = getpass.getpass("Key of the relay: ")
    except EOFError:
        key = ""
    if not key:
        raise UsageError("No key was given", "Paste it at the prompt; it is not shown.")
    return key


if __name__ == "__main__":
    sys.exit(main())
