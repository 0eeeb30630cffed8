"""Parse and bind queries by @kusto/language-service-next, Microsoft's own parser of KQL.

tables.json has the tables and columns that a query of an Application Insights resource sees, by "Migrate to
workspace-based Application Insights resources" (Table schemas, the legacy tables), and Usage, which a query of the
workspace sees ("Azure Monitor Logs reference - Usage"; deprecated columns are left out).
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TABLES: dict[str, dict[str, str]] = json.loads((HERE / "tables.json").read_text())


@dataclass(frozen=True)
class Diagnostic:
    """What the parser reports on the query `name`; `start` is a position in its text."""

    name: str
    start: int
    severity: str
    code: str
    message: str


def diagnostics(queries: dict[str, str]) -> list[Diagnostic]:
    """Return what is wrong with queries. Raises CalledProcessError without Node.js or its packages."""
    asked = json.dumps({"tables": TABLES, "queries": queries})
    run = subprocess.run(
        ["node", str(HERE / "check.cjs")], input=asked, capture_output=True, text=True, check=True, timeout=120
    )
    return [Diagnostic(**each) for each in json.loads(run.stdout)]
