"""`python -m sandbox`: the whole sandbox, left running, with lines to paste into another terminal."""

import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.stack import ROOMS, Stack

TEXT = """
The relay runs at      {relay}      function key: {key}
The tenant runs at     {tenant}      (what it can be told: GET {tenant}/_control)
The partner runs at    {partner}      (its picture of the calendars, for a browser)
Logs and settings lie in {folder}

# Every line below works in another terminal. The certificate authority is this sandbox's own:
export CURL_CA_BUNDLE={folder}/ca.pem

# Watch a room, as the partner does:
curl -s -X POST {relay}/api/subscriptions -H 'x-functions-key: {key}' -d '{{"mailbox": "{room}"}}'

# Book a meeting by hand, and look at what the partner knows:
curl -s -X POST {tenant}/_control/calendars/{room}/events -H 'content-type: application/json' \\
  -d '{{"subject": "By hand", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00", "direct": true}}'
curl -s {partner}/_control/picture

# Is it working?
curl -s {relay}/api/health/checks -H 'x-functions-key: {key}'

# With Core Tools, the same bundle against the same tenant and partner, instead of this sandbox's own host:
kill {pid}
cp {folder}/local.settings.json . && env {environment} \\
  func start --useHttps --cert {pfx} --password sandbox

Ctrl-C ends everything."""


def main() -> int:
    """Start, print, wait for Ctrl-C."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
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
        over.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
