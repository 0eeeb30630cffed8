"""Build the JSON Schema of the Graph types that the simulated tenant checks against, from Microsoft's published types.

`python -m sandbox.graph_types` builds it when it is missing and prints its path. It needs node and `npm ci`.
npm: @microsoft/microsoft-graph-types (Microsoft's TypeScript definitions of Graph v1.0), ts-json-schema-generator.
"""

import hashlib
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NODE_MODULES = HERE.parent / "node_modules"
ENTRY = HERE / "graph_types.ts"
PACKAGE = NODE_MODULES / "@microsoft" / "microsoft-graph-types" / "package.json"
GENERATOR = NODE_MODULES / "ts-json-schema-generator" / "bin" / "ts-json-schema-generator.js"


def schema_path() -> Path:
    """Return where the schema lies; the name follows our list of types and Microsoft's version, so it is never stale.

    Raises FileNotFoundError when the node packages are not installed.
    """
    if not PACKAGE.exists():
        raise FileNotFoundError(f"{PACKAGE} is missing: run npm ci")
    made_of = hashlib.sha256(ENTRY.read_bytes() + PACKAGE.read_bytes()).hexdigest()
    return HERE / ".generated" / f"graph-types-{made_of[:12]}.json"


def build() -> Path:
    """Make the schema if it is missing and return its path; it takes about four seconds.

    Raises FileNotFoundError without node or the node packages, subprocess.CalledProcessError when the generator fails.
    """
    path = schema_path()
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    # Two processes may build at once: each writes its own part, and the last one replaces the same content.
    part = path.with_suffix(f".{os.getpid()}.part")
    options = ["--path", str(ENTRY), "--type", "GraphTypes", "--no-type-check", "--jsDoc", "none", "--minify"]
    command = ["node", str(GENERATOR), *options, "--out", str(part)]
    # Whoever starts a tenant reads its standard output: nothing else may be written there.
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
    part.replace(path)
    return path


if __name__ == "__main__":
    print(build())
