"""Start the host: `python -m sandbox.host --app DIR [--port 0] [--settings FILE] …`."""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import ssl
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from sandbox.host.app import FunctionLoadError, load_app
from sandbox.host.keys import Keys
from sandbox.host.routes import RouteError
from sandbox.host.running import Host
from sandbox.host.settings import SettingsError, apply_settings, read_host_options


def _arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.host", description="Run a Functions app.")
    parser.add_argument("--app", type=Path, required=True, help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    parser.add_argument("--settings", type=Path, help="a file like local.settings.json; environment variables win")
    parser.add_argument("--function-key", help="required on FUNCTION routes; without any key none is checked")
    parser.add_argument("--master-key", help="accepted everywhere; required on ADMIN routes and /admin")
    parser.add_argument("--tls", type=Path, metavar="PEM", help="certificate and key: https instead of http")
    parser.add_argument(
        "--lease",
        type=float,
        default=600.0,
        help="seconds that a running queue message is hidden",
    )
    parser.add_argument("--no-storage", action="store_true", help="serve HTTP only: drop queue outputs, poll no queue")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, listener: socket.socket, ready: TextIO) -> None:
    """Load the app, run it until SIGTERM or SIGINT, then stop gracefully."""
    app = arguments.app.resolve()
    tls = _tls(arguments.tls) if arguments.tls else None
    options = read_host_options(app)
    options = replace(options, queues=replace(options.queues, lease=arguments.lease))
    plans = load_app(app, os.environ)
    keys = Keys(arguments.function_key, arguments.master_key)
    host = Host(plans, options, keys, storage=not arguments.no_storage)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await host.start(listener, tls)
    port = listener.getsockname()[1]
    url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    print(json.dumps({"url": url, "functions": [plan.name for plan in plans]}), file=ready, flush=True)
    await stop.wait()
    await host.stop()


def _tls(pem: Path) -> ssl.SSLContext:
    """Return a server context for a file with certificate and key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


def main() -> int:
    """Run; return 1 if the app cannot be loaded, with the reason on stderr."""
    arguments = _arguments()
    # stdout is for the ready line only; what the app prints goes to stderr.
    ready, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)  # the storage client logs every request
    listener = socket.create_server(("127.0.0.1", arguments.port), backlog=1024)
    try:
        apply_settings(arguments.settings)
        os.environ.setdefault("WEBSITE_HOSTNAME", f"localhost:{listener.getsockname()[1]}")
        asyncio.run(_serve(arguments, listener, ready))
    except (FunctionLoadError, RouteError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
