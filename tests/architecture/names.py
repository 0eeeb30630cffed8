"""Every name that the code defines for others to see, with its file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.trees import tree_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def parts_of(name: str) -> list[str]:
    """Split a name at underscores and capitals: `HTTPCallOf_x` has the parts http, call, of and x."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)]


def names_of(tree: ast.AST) -> Iterator[str]:
    """Yield the names of classes, functions, methods, parameters, fields, assigned attributes and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        if isinstance(node, FUNCTIONS):
            yield from _parameters(node.args)
        elif isinstance(node, ast.ClassDef | ast.Module):
            yield from _assigned(node.body)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return (each.arg for each in every if each is not None)


def _assigned(body: list[ast.stmt]) -> Iterator[str]:
    """Yield what the body of a module or a class assigns: constants, fields, members of an enum."""
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if target is not None:
                yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def names_in(root: Path, *folders: str) -> Iterator[tuple[str, str]]:
    """Yield (file, name) for all files of folders; a file's own name and its folders' are among them."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            file = path.relative_to(root)
            yield from ((str(file), part) for part in file.with_suffix("").parts)
            yield from ((str(file), name) for name in _names_of_file(path))


@cache
def _names_of_file(path: Path) -> frozenset[str]:
    return frozenset(names_of(tree_of(path)))
