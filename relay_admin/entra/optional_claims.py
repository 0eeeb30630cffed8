"""The optional claim `idtyp` of the API's access tokens: it says whether an app or a person calls. Pure rules.

Without it `oid` and `sub` prove an app. A PATCH replaces the whole property, so it carries every claim that stays.
Pages: "optionalClaims resource type", "Optional claims reference".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "idtyp"
LIST = "accessToken"
# `essential` has no effect on this claim. It tells ours from one that was added in the portal, which writes false: the
# undo leaves that one.
OURS: dict[str, Any] = {"name": NAME, "source": None, "essential": True, "additionalProperties": []}


def has_claim(claims: Mapping[str, Any] | None) -> bool:
    """Return whether access tokens get the claim, whoever added it."""
    return any(claim.get("name") == NAME for claim in _listed(claims, LIST))


def has_ours(claims: Mapping[str, Any] | None) -> bool:
    """Return whether `with_ours` added the claim."""
    return any(_is_ours(claim) for claim in _listed(claims, LIST))


def with_ours(claims: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the property with the claim, and all else as it was."""
    return {**_sent(claims or {}), LIST: [*_sent(_listed(claims, LIST)), dict(OURS)]}


def without_ours(claims: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the property without the claim that `with_ours` added; None if nothing is left."""
    left = _sent(claims or {}) | {LIST: _sent([claim for claim in _listed(claims, LIST) if not _is_ours(claim)])}
    return left if any(left.values()) else None


def _listed(claims: Mapping[str, Any] | None, name: str) -> list[dict[str, Any]]:
    return list((claims or {}).get(name) or ())


def _is_ours(claim: Mapping[str, Any]) -> bool:
    return claim.get("name") == NAME and claim.get("essential") is True and not claim.get("additionalProperties")


def _sent(value: Any) -> Any:
    """Return what Graph returned without its annotations, which it refuses in a PATCH."""
    if isinstance(value, Mapping):
        return {name: _sent(each) for name, each in value.items() if "@odata" not in name}
    if isinstance(value, list):
        return [_sent(each) for each in value]
    return value
