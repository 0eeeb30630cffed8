"""The version of the command line: that of the relay's release. In the wheel, shared/version.py is this module."""

from shared.version import VERSION

__all__ = ["VERSION"]
