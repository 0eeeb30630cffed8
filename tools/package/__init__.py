"""Builds the package that is deployed: `python -m tools.package` (docs/package.md).

Standard library only: azd's hook runs it with any Python 3.11 or newer, without the project's environment.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (azd's hook runs any Python of the computer)
    raise SystemExit(f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}")

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
SITE_PACKAGES = ".python_packages/lib/site-packages"  # the host's folder for dependencies ("Python developer guide")


class PackageError(Exception):
    """The package cannot be built; the text says why and what to do."""
