"""`python -m sandbox.partner --secret whsec_…`: serve on loopback and print the addresses as one JSON line."""

import argparse
import asyncio
import json
import signal
import ssl
from pathlib import Path

from aiohttp import web

from sandbox.partner.server import application


def _arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.partner", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(), help="the local certificates (for --tls)")
    parser.add_argument("--secret", required=True, help="whsec_…, several separated by spaces")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--tls", action="store_true", help="serve https://localhost with a local certificate")
    return parser.parse_args()


def _tls(folder: Path) -> ssl.SSLContext:
    """Return a server context with a certificate of the sandbox's CA."""
    from sandbox.certificates import make_certificates  # only --tls needs it

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificates(folder).server_pem)
    return context


async def _serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    # A delivery that hangs by a planted behaviour must not keep the process alive.
    runner = web.AppRunner(application(arguments.secret.split()), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    context = _tls(arguments.folder) if arguments.tls else None
    await web.TCPSite(runner, "127.0.0.1", arguments.port, ssl_context=context).start()
    port = runner.addresses[0][1]
    base = f"https://localhost:{port}" if arguments.tls else f"http://127.0.0.1:{port}"
    paths = {"url": "webhook", "control": "_control", "direct": "graph", "page": ""}
    print(json.dumps({name: f"{base}/{path}" for name, path in paths.items()}), flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
