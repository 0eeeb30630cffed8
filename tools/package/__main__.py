"""`python -m tools.package`: the zip and its bill of materials; --app: only dist/app; --wheels: only the wheels."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tools.package import DIST, SITE_PACKAGES, PackageError, archive, bytecode, manifest, wheels
from tools.package.app import build_app, take_release
from tools.package.lock import LOCK


def main(arguments: list[str] | None = None, dist: Path = DIST) -> int:
    """Run, print the result, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__)
    parser.add_argument("--app", action="store_true", help="fill dist/app, which azd deploys, and stop")
    parser.add_argument("--wheels", action="store_true", help="download dist/wheels, and stop")
    options = parser.parse_args(arguments)
    dist.mkdir(exist_ok=True)
    try:
        if options.wheels:
            _wheels()
        elif options.app:
            _app(dist)
        else:
            _zip(dist)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


def _wheels() -> None:
    paths = wheels.provide(wheels.WHEELS, LOCK)
    (wheels.WHEELS / "ready").touch()  # `make` compares its time with the lock's
    print(f"dist/wheels: {len(paths)} wheels, {_megabytes(sum(path.stat().st_size for path in paths))}")


def _app(dist: Path) -> None:
    """Fill the folder from a release's zip, put there by hand with its SHA256SUMS beside it, else from the sources."""
    release = dist / "release" / archive.NAME
    if release.is_file():
        take_release(release, dist / "app")
        print(f"dist/app: taken from dist/release/{release.name}")
    else:
        _build(dist / "app")
    _print_package(dist / "app")


def _zip(dist: Path) -> None:
    """Build from the sources, always: a release's zip is not built again."""
    from tools.bill import build_bill  # needs the project's environment, which azd's hook does not have

    _build(dist / "app")
    target = dist / archive.NAME
    archive.write_zip(dist / "app", target)
    _print_package(dist / "app")
    print(f"dist/{target.name}: {_megabytes(target.stat().st_size)}")
    bill = target.with_suffix(".cdx.json")
    build_bill(bill)
    print(f"dist/{bill.name}: the bill of materials")


def _build(app: Path) -> None:
    python = bytecode.python_313()
    build_app(app, python=python)
    if python is None:
        print("dist/app: no Python 3.13 is here, so nothing is compiled: cold starts take longer (docs/package.md)")


def _print_package(app: Path) -> None:
    names = manifest.files_of(app)
    build = json.loads((app / manifest.BUILD).read_text(encoding="utf-8"))
    for folder, number in sorted(Counter(_folder(name) for name in names).items()):
        print(f"  {folder:<56} {number:>5} files")
    size = sum((app / name).stat().st_size for name in names)
    print(f"dist/app: {len(names)} files, {_megabytes(size)}, commit {build['commit']}, bytecode of {build['python']}")
    digest = manifest.package_hash(app)
    print(f"package {digest[:8]} (SHA-256 of {manifest.MANIFEST}: {digest})")


def _folder(name: str) -> str:
    """Return the folder under which a file is counted: of site-packages, the top-level package."""
    parts = name.split("/")
    if parts[0] != ".python_packages":
        return parts[0] if len(parts) > 1 else "."
    top = parts[3] if len(parts) > 4 else "."
    return f"{SITE_PACKAGES}/{'*.dist-info' if top.endswith('.dist-info') else top}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
