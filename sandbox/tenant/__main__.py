"""Start a tenant: python -m sandbox.tenant --folder DIR --seed SEED.json [--port 0]."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

from pydantic import ValidationError

from sandbox.tenant.seed import Seed, tenant_from
from sandbox.tenant.server import serve
from sandbox.tenant.state import Tenant


def main() -> int:
    """Serve until SIGTERM or SIGINT; return 2 with the reason on stderr when the seed is invalid."""
    options = _options()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        seed = Seed.model_validate_json(options.seed.read_bytes())
        tenant = tenant_from(seed, options.folder)
    except (OSError, ValidationError, ValueError) as error:
        print(f"{options.seed}: {error}", file=sys.stderr)
        return 2
    asyncio.run(_run(tenant, options.port))
    return 0


def _options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.tenant", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the certificates, created if missing")
    parser.add_argument("--seed", type=Path, required=True, help="the initial content of the tenant, as JSON")
    parser.add_argument("--port", type=int, default=0, help="port of the https site; 0 picks a free one")
    return parser.parse_args()


async def _run(tenant: Tenant, port: int) -> None:
    """Serve, print the ready line, and wait for a signal."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with serve(tenant, port) as addresses:
        ready = {"url": addresses.url, "identityUrl": addresses.identity_url}
        print(json.dumps(ready | ({"dataverseUrl": addresses.dataverse_url} if tenant.dataverse else {})), flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
