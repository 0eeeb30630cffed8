"""Hosts with additional settings, and a host that can be killed, restarted and disconnected from its queues."""

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.clients import RelayClient
from sandbox.process import ROOT, Process
from sandbox.stack import Stack
from tests.support.relay import Relay
from tests.support.tcp_proxy import TcpProxy

LEASE_SECONDS = "5"  # how long the message of a killed host stays hidden; ten minutes in production


@contextmanager
def restartable_relay(
    folder: Path, settings: Mapping[str, str], seed: Mapping[str, Any] | None = None
) -> Iterator[tuple[Relay, TcpProxy]]:
    """Start a stack whose host reaches queues through the proxy, and tables directly."""
    with Stack(folder, settings, seed, host=False) as stack:
        queue = stack.azurite.ports["Queue"]
        proxy = TcpProxy(queue)
        stack.env["AzureWebJobsStorage"] = stack.azurite.connection_string.replace(f":{queue}/", f":{proxy.port}/")
        start_host(stack, {}, free_port())
        try:
            yield Relay(stack), proxy
        finally:
            stack.host.stop()
            proxy.close()


def start_host(stack: Stack, settings: Mapping[str, str], port: int = 0) -> None:
    """Start a host at a port, or at any free port, as the stack's host; Process.start restarts it at the same port."""
    stack.keys = {"function": secrets.token_hex(16), "master": secrets.token_hex(16)}
    arguments = ["--app", str(ROOT), "--tls", str(stack.folder / "server.pem"), "--port", str(port)]
    arguments += ["--function-key", stack.keys["function"], "--master-key", stack.keys["master"]]
    arguments += ["--lease", LEASE_SECONDS]
    stack.host = Process("sandbox.host", arguments, stack.folder / "host.log", {**stack.env, **settings})
    stack.relay = RelayClient(stack.host.ready["url"], stack.keys, str(stack.certificates.ca_pem))


@contextmanager
def relay_with(stack: Stack, port: int = 0, /, **settings: str) -> Iterator[Relay]:
    """Run a host with these settings on a stack without a host, at a port or at any free port."""
    start_host(stack, settings, port)
    try:
        yield Relay(stack)
    finally:
        stack.host.stop()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
