"""How a change is shown: it also identifies the mutant, so that it must not depend on line numbers."""

from __future__ import annotations

import ast

BESIDE = 24  # characters shown on each side of a change
LONGEST = 70  # characters shown of a statement


def head_of(node: ast.AST) -> str:
    """Return the first line of a statement, cut to LONGEST characters."""
    return ast.unparse(node).split("\n")[0][:LONGEST]


def text_of(node: ast.AST | str) -> str:
    """Return a statement in one line; a text as it is."""
    return node if isinstance(node, str) else " ".join(ast.unparse(node).split())


def difference_of(before: str, after: str) -> str:
    """Return what differs between two texts, with a little of what stands beside it."""
    start = _same(before, after)
    end = min(_same(before[::-1], after[::-1]), min(len(before), len(after)) - start)
    left = max(start - BESIDE, 0)
    old, new = (text[left : len(text) - max(end - BESIDE, 0)] for text in (before, after))
    return f"{old} -> {new}"


def _same(text: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    shorter = min(len(text), len(other))
    return next((index for index in range(shorter) if text[index] != other[index]), shorter)
