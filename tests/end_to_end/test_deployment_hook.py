"""Claims about azd's hook after a deployment, on the running stack: it calls the routes of a relay as they answer."""

import json
import subprocess
import sys

from sandbox.process import ROOT
from tests.support.relay import Relay
from tests.support.waiting import eventually

CALL = """
import json, sys
from tools.deployment.routes import answers
print(json.dumps(answers(sys.argv[1], "", 10.0)))
"""


def test_a_running_relay_answers_the_hook(relay: Relay) -> None:
    """Both handshakes are right and the relay is up, over TLS; what runs from a checkout is no package."""

    def answers() -> dict[str, list[object]]:
        environ = {"SSL_CERT_FILE": str(relay.stack.certificates.ca_pem)}
        command = [sys.executable, "-c", CALL, relay.stack.relay.url]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=180, check=True)
        return dict(json.loads(done.stdout))

    good = ["200, the handshake is right", True, ""]
    expected = {
        "/api/notifications": good,
        "/api/lifecycle": good,
        "/api/health": ["200 up", True, ""],
        "/api/version": ["200, no package", False, ""],
    }
    eventually(lambda: answers() == expected)
