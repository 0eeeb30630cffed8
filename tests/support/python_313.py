"""Find a Python 3.13, the version of the deployed app, for tests of the package on it."""

from tools.package.bytecode import python_313

__all__ = ["python_313"]
