"""`make fuzz`: every parser with thousands of inputs, the API around its bounds, then all of it, also with faults."""

import argparse
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.process import ROOT
from sandbox.stack import Stack
from tests.fuzz.api import SETTINGS, faults_met, plant_faults, prepare, schemathesis, seed, switch_behaviours
from tests.fuzz.bounds import failures
from tools.openapi.objects.servers import KEY_BASE, TOKEN_BASE

BASES = (KEY_BASE, TOKEN_BASE)
# With planted faults a 503 is allowed, and a valid request may fail: the response must still be documented.
FAULTY = ("--exclude-checks", "not_a_server_error,positive_data_acceptance,use_after_free,ensure_resource_availability")


def main() -> int:
    """Run everything; return 1 when a part failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--examples", type=int, default=60, help="generated requests for each operation")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="that of a run that failed")
    arguments = parser.parse_args()
    print(f"fuzz: seed {arguments.seed}", flush=True)
    failed = [_parsers(arguments.seed)]
    with tempfile.TemporaryDirectory(prefix="calendar-relay-fuzz-") as name:
        failed += [
            _bounds(Path(name) / "bounds", arguments.seed),
            _api(Path(name) / "sound", arguments.seed, "-n", str(arguments.examples)),
            _api(Path(name) / "faulty", arguments.seed, "-n", str(arguments.examples // 3), *FAULTY, faulty=True),
        ]
    print(f"fuzz: {sum(failed)} of {len(failed)} parts failed")
    return 1 if any(failed) else 0


def _parsers(number: int) -> bool:
    """Run the properties with many more examples than `make test`; return whether one failed."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=1800", "--hypothesis-profile=long"]
    properties = sorted(map(str, (ROOT / "tests" / "properties").glob("*_properties.py")))
    assert properties, "without a file pytest would run everything"
    command += [f"--hypothesis-seed={number}", *properties]
    return subprocess.run(command, cwd=ROOT, check=False).returncode != 0


def _bounds(folder: Path, number: int) -> bool:
    """Send requests around every bound to a separate stack; when one was answered wrongly, print it and return true."""
    with Stack(folder, SETTINGS, seed(number)) as stack:
        prepare(stack)
        sent, wrong = failures(stack.relay)
        crashed = stack.host.log.read_text(errors="replace").count("(Failed, Id=")
    for line in (*wrong, f"fuzz: bounds: {sent} requests, {len(wrong)} wrong, {crashed} functions crashed"):
        print(line, flush=True)
    return bool(wrong) or crashed > 0


def _api(folder: Path, number: int, *arguments: str, faulty: bool = False) -> bool:
    """Run schemathesis on a separate stack; when a check failed, print all and return true."""
    with Stack(folder, SETTINGS, seed(number)) as stack:
        prepare(stack)
        if faulty:
            plant_faults(stack)
            print(f"fuzz: behaviours of seed {number}: {', '.join(switch_behaviours(stack, number))}", flush=True)
        runs = [schemathesis(stack, folder, "--seed", str(number), *arguments, base=base) for base in BASES]
        met = faults_met(stack)
        crashed = stack.host.log.read_text(errors="replace").count("(Failed, Id=")
    for done in runs:
        lines = done.stdout.splitlines()
        print("\n".join(lines if done.returncode else lines[-12:]), done.stderr)
    codes = [done.returncode for done in runs]
    print(f"fuzz: {folder.name} tenant: exit codes {codes}, {met} faults met, {crashed} functions crashed", flush=True)
    if faulty:  # a queue's function may fail: the host retries. A run that met no fault proves nothing
        return any(codes) or met == 0
    return any(codes) or crashed > 0


if __name__ == "__main__":
    sys.exit(main())
