"""Compiles a folder's modules, run by Python 3.13 as a script: `python3.13 compile_sources.py FOLDER`.

Prints this Python's version. The host mounts the package read-only: what is not compiled here is compiled again at
every cold start. The hash in each file is not compared with the source ("unchecked", PEP 552), so that no source is
read, and the file does not depend on the time of the build. The code names its file relative to the folder; importing
puts the real path in its place.
"""

import platform
import py_compile
import sys
from pathlib import Path


def compile_folder(folder: Path) -> None:
    """Write the bytecode of every module. Raises py_compile.PyCompileError."""
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(path), dfile=name, doraise=True, invalidation_mode=mode)


if __name__ == "__main__":
    compile_folder(Path(sys.argv[1]))
    sys.stdout.write(platform.python_version())
