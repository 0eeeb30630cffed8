"""The operation that says which package runs, and the model of its response."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tools.openapi.fields import Strict, never_null
from tools.openapi.operation import Operation, Response

_FOR_TOKENS = "Only for a caller with a token. "
_VERSION: dict[str, Any] = {"description": "Version of the release.", "examples": ["0.1.0"]}
_COMMIT: dict[str, Any] = {
    "description": "Commit that the package was built from; null if it does not say.",
    "examples": ["2f1d3c5b7a9e8d6c4b2a1f0e9d8c7b6a5f4e3d2c"],
}
_HASH: dict[str, Any] = {
    "description": "SHA-256 of the package's MANIFEST.sha256; null if no package runs, but a checkout.",
    "examples": ["1a2b3c4d" * 8],
}
ReleaseVersion: Any = Field(**_VERSION)
Commit: Any = Field(**_COMMIT)
PackageHash: Any = Field(**_HASH)


def _for_tokens(field: dict[str, Any]) -> Any:
    """Return a field that only a caller with a token gets."""
    shown = field | {"description": _FOR_TOKENS + field["description"]}
    return Field(**shown, default=None, json_schema_extra=never_null)


class RunningPackage(Strict):
    """The package that runs: its short hash for anyone, and more for a caller with a token."""

    package: str | None = Field(
        pattern="^[0-9a-f]{8}$", examples=["1a2b3c4d"],
        description="First eight digits of the package hash; null if no package runs, but a checkout.",
    )  # fmt: skip
    version: str = _for_tokens(_VERSION)
    commit: str | None = _for_tokens(_COMMIT)
    package_hash: str | None = _for_tokens(_HASH)


VERSION = Operation(
    "version", "get", "version", "anyone", "Read which package runs. A token is optional; if sent, it has to be valid.",
    {200: Response("The package.", RunningPackage, ("Cache-Control",))}, (401, 403, 429, 503), token_is_optional=True,
)  # fmt: skip
