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
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.host", description="Runs a Functions app.")
    parser.add_argument("--app", type=Path, required=True, help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--settings", type=Path, help="a file like local.settings.json; the environment wins")
    parser.add_argument("--function-key", help="asked of FUNCTION routes; without any key none is checked")
    parser.add_argument("--master-key", help="passes everything; asked of ADMIN routes and /admin")
    parser.add_argument("--tls", type=Path, metavar="PEM", help="certificate and key: https instead of http")
    parser.add_argument("--lease", type=float, default=600.0, help="seconds a queue message in work stays hidden")
    parser.add_argument("--no-storage", action="store_true", help="drop queue outputs, poll nothing: HTTP alone")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, listener: socket.socket, ready: TextIO) -> None:
    """Load the app, run it until SIGTERM or SIGINT, then let it finish."""
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
    """Make a server's context of a file with certificate and key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


def main() -> int:
    """Run; 1 when the app cannot be loaded, with the reason on stderr."""
    arguments = _arguments()
    # stdout holds the ready line alone: what the app prints is for the terminal.
    ready, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)  # the storage client tells of every request
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
