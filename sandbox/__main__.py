"""`python -m sandbox`: run the whole sandbox until Ctrl-C, and print commands to paste into another terminal."""

import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.stack import ROOMS, Stack

TEXT = """
The relay runs at      {relay}      function key: {key}
The tenant runs at     {tenant}      (its control routes: GET {tenant}/_control)
The partner runs at    {partner}      (a page of the calendars it has received, for a browser)
Logs and settings are in {folder}

# Run these in another terminal. The sandbox has its own certificate authority:
export CURL_CA_BUNDLE={folder}/ca.pem

# Watch a room, as a partner does:
curl -s -X POST {relay}/api/subscriptions -H 'x-functions-key: {key}' -d '{{"mailbox": "{room}"}}'

# Book a meeting, then show the calendars as the partner has received them:
curl -s -X POST {tenant}/_control/calendars/{room}/events -H 'content-type: application/json' \\
  -d '{{"subject": "Test meeting", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00", "direct": true}}'
curl -s {partner}/_control/picture

# Health checks:
curl -s {relay}/api/health/checks -H 'x-functions-key: {key}'

# Run the same app with Core Tools instead of the sandbox's host:
kill {pid}
cp {folder}/local.settings.json . && env {environment} \\
  func start --useHttps --cert {pfx} --password sandbox

Ctrl-C stops everything."""


def main() -> int:
    """Start the sandbox, print the commands, wait for Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="calendar-relay-") as name, Stack(Path(name)) as stack:
        print(
            TEXT.format(
                relay=stack.host.ready["url"],
                key=stack.keys["function"],
                tenant=stack.tenant.url,
                partner=stack.partner.url.removesuffix("/webhook"),
                folder=name,
                room=ROOMS[0],
                pid=stack.host.pid,
                pfx=stack.certificates.write_pfx("sandbox"),
                environment=" ".join(f"{key}={value}" for key, value in stack.environment.items()),
            ),
            flush=True,
        )
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
