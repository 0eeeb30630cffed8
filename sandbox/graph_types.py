"""Build the JSON Schema of the Graph types that the simulated tenant serves, from Microsoft's published types.

`python -m sandbox.graph_types` builds it if it is missing and prints its path. It needs node and `npm ci`.

npm packages: @microsoft/microsoft-graph-types (Microsoft's TypeScript definitions of Graph v1.0) and
ts-json-schema-generator.
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
    """Return the schema's path; its name has a hash of our list of types and of Microsoft's version.

    A changed input so gets a new file. Raises FileNotFoundError when the node packages are not installed.
    """
    if not PACKAGE.exists():
        raise FileNotFoundError(f"{PACKAGE} is missing: run npm ci")
    digest = hashlib.sha256(ENTRY.read_bytes() + PACKAGE.read_bytes()).hexdigest()
    return HERE / ".generated" / f"graph-types-{digest[:12]}.json"


def build() -> Path:
    """Build the schema if it is missing, which takes about four seconds, and return its path.

    Raises FileNotFoundError without node or its packages, subprocess.CalledProcessError when the generator fails.
    """
    path = schema_path()
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    # Processes may build concurrently: each writes its own temporary file and then replaces the target atomically.
    part = path.with_suffix(f".{os.getpid()}.part")
    options = ["--path", str(ENTRY), "--type", "GraphTypes", "--no-type-check", "--jsDoc", "none", "--minify"]
    command = ["node", str(GENERATOR), *options, "--out", str(part)]
    # A tenant's standard output must hold nothing but its ready line, so the generator's output is dropped.
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
    part.replace(path)
    return path


if __name__ == "__main__":
    print(build())
