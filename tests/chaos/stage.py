"""The sandbox with a proxy before the queues, the tables and the partner, and a host that can be killed and started."""

import secrets
import socket
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from sandbox.clients import RelayClient
from sandbox.process import ROOT, Process
from sandbox.stack import Stack
from tests.chaos.http1 import Message
from tests.chaos.maintenance_warp import with_short_job, with_short_waits
from tests.chaos.proxy import Proxy
from tests.chaos.time_warp import with_short_claims, with_short_delay

LEASE_SECONDS = 5  # instead of ten minutes: how long the message of a killed host stays hidden
MAX_DELAY = 8  # seconds, instead of hours: the longest delay of a message
CHANGES, ACCOUNT = "calendar-changes", "sandbox"
CLAIM_SECONDS = 15.0  # instead of two minutes: how long the ledger keeps the claim of a killed host
SETTINGS = {
    "SETTLE_SECONDS": "2", "RENEWAL_SCHEDULE": "*/20 * * * * *",
    "RESYNC_SCHEDULE": "0 0 0 29 2 *",  # never: a resync would restore the losses that the run looks for
}  # fmt: skip
GRAPH = {
    "hintsPerChange": [1, 4], "hintSpreadSeconds": 0.3, "batchSeconds": 0.3, "flipSeconds": 0.3, "shuffle": True,
    "retrySeconds": 1.0, "subscriptionPage": 10,
    # Otherwise Graph would treat the endpoint as slow, or drop its notifications, for ten minutes, which is the whole
    # run. A resync restores those changes, and has its own tests.
    "judgedAfter": 10**9,
}  # fmt: skip


class Stage:
    """Everything that runs; as a context manager it stops on leaving."""

    def __init__(self, folder: Path, seed: int, rooms: list[str]) -> None:
        mailboxes = [{"address": room, "displayName": room.partition("@")[0], "kind": "room"} for room in rooms]
        self.stack = Stack(folder, SETTINGS, {"settings": GRAPH | {"seed": seed}, "mailboxes": mailboxes}, host=False)
        self.rooms = rooms
        self.proxies: dict[str, Proxy] = {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        stack, ports = self.stack, self.stack.azurite.ports
        partner = urlsplit(stack.env["PARTNER_WEBHOOK_URL"]).port or 0
        self.proxies = {
            name: Proxy(name, port) for name, port in
            (("queue", ports["Queue"]), ("table", ports["Table"]), ("partner", partner))
        }  # fmt: skip
        self.proxies["queue"].rewrite = self._with_short_waits
        self.proxies["table"].rewrite = lambda request: with_short_waits(with_short_claims(request, CLAIM_SECONDS))
        storage = stack.azurite.connection_string
        for name in ("Queue", "Table"):
            storage = storage.replace(f":{ports[name]}/", f":{self.proxies[name.lower()].port}/")
        stack.env["AzureWebJobsStorage"] = storage
        webhook = stack.env["PARTNER_WEBHOOK_URL"]
        stack.env["PARTNER_WEBHOOK_URL"] = webhook.replace(f":{partner}/", f":{self.proxies['partner'].port}/")
        self._start_host()

    def _start_host(self) -> None:
        stack = self.stack
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        stack.keys = {"function": secrets.token_hex(16), "master": secrets.token_hex(16)}
        arguments = ["--app", str(ROOT), "--tls", str(stack.folder / "server.pem"), "--port", str(port)]
        arguments += ["--function-key", stack.keys["function"], "--master-key", stack.keys["master"]]
        arguments += ["--lease", str(LEASE_SECONDS)]
        stack.host = Process("sandbox.host", arguments, stack.folder / "host.log", stack.env)
        stack.relay = RelayClient(stack.host.ready["url"], stack.keys, str(stack.certificates.ca_pem))

    def _with_short_waits(self, request: Message) -> Message:
        key = self.stack.azurite.key
        return with_short_job(with_short_delay(request, CHANGES, MAX_DELAY, ACCOUNT, key), MAX_DELAY, ACCOUNT, key)

    def restart_host(self) -> None:
        """Kill the host without a shutdown, and start it again at the same address."""
        self.stack.host.kill()
        self.stack.host.start()

    def watch(self) -> None:
        """Watch every room."""
        for room in self.rooms:
            self.stack.relay.watch(room)

    def secrets(self) -> dict[str, str]:
        """Return the keys and secrets of this run by name: none may be visible outside."""
        stack = self.stack
        secrets = {"storage account key": stack.azurite.key, "identity header": stack.seed["identityHeader"]}
        secrets |= {f"{name} key of the host": value for name, value in stack.keys.items()}
        for name, versions in stack.seed["secrets"].items():
            secrets |= {f"{name} {number}": text.removeprefix("whsec_") for number, text in enumerate(versions)}
        for number, client in enumerate(stack.seed["clients"]):
            secrets |= {f"secret of client {number}": text for text in client["secrets"]}
        for subscription in stack.tenant.control("GET", "/subscriptions")["value"]:
            secrets[f"clientState of {subscription['mailbox']}"] = subscription["clientState"]
        return secrets

    def close(self) -> None:
        """Stop everything, the host first."""
        if hasattr(self.stack, "host"):
            self.stack.host.stop()
        self.stack.stop()
        for proxy in self.proxies.values():
            proxy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
