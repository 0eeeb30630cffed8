"""Mutants: copies of a function's code that differ in one place, as a mistake would.

Comparisons, conditions, `and` and `or`, numbers, `+` and `-`, `min` and `max`; a keyword argument (such as the etag of
a write), an entry of a dict, an exception or a call left out; two statements swapped; None returned. Values at the top
of a module, default values and texts are not changed.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from tests.mutants.shown import difference_of, head_of, text_of

OPPOSITES: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
SKIPPED = ("annotation", "returns", "decorator_list", "args")  # `args` of a function; those of a call are visited
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed function. `module` is a path; `function` a name such as `Losses.look_up`; `code` that of the module."""

    module: str
    function: str
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        """Return what identifies the mutant: line numbers do not."""
        return f"{self.module} {self.function}: {self.change}"


Change = tuple[ast.AST, str, Any, Any]  # node, field, old value, new value


def mutants_of(root: Path, module: str) -> Iterator[Mutant]:
    """Yield the mutants of all functions of a module, in the order of the source."""
    tree, seen = ast.parse((root / module).read_text()), Counter[tuple[str, str]]()
    for name, function in _functions(tree):
        for (owner, field, old, new), shown in _changes(function, function):
            before = text_of(shown)
            setattr(owner, field, new)
            change = difference_of(before, text_of(shown)) if isinstance(shown, ast.AST) else shown
            code = compile(ast.fix_missing_locations(tree), str(root / module), "exec")
            setattr(owner, field, old)
            seen[name, change] += 1
            repeated = f" ({seen[name, change]})" if seen[name, change] > 1 else ""
            yield Mutant(module, name, change + repeated, code)


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, Function))


def _changes(owner: ast.AST, shown: ast.AST) -> Iterator[tuple[Change, ast.AST | str]]:
    """Yield each change below a node, with what shows it: a text, or the statement that it changes."""
    for field, value in ast.iter_fields(owner):
        if field in SKIPPED and not isinstance(owner, ast.Call):
            continue
        if isinstance(value, list):
            yield from (((owner, field, value, new), text or shown) for new, text in _lists(owner, field, value))
            for index, each in enumerate(value):
                if not isinstance(each, ast.AST) or isinstance(each, ast.JoinedStr):
                    continue
                for new in _alternatives(each):
                    yield (owner, field, value, [*value[:index], new, *value[index + 1 :]]), shown
                yield from _changes(each, each if isinstance(each, ast.stmt | ast.excepthandler) else shown)
        elif isinstance(value, ast.AST) and not isinstance(value, ast.JoinedStr):
            for new in (*_alternatives(value), *(_negated(value) if field == "test" else ())):
                yield (owner, field, value, new), shown
            yield from _changes(value, shown)


def _alternatives(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of an expression."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in OPPOSITES[type(operator)]:
                yield ast.Compare(node.left, [*node.ops[:index], other(), *node.ops[index + 1 :]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for index in range(len(node.values)):
            rest = node.values[:index] + node.values[index + 1 :]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    else:
        yield from _other_values(node)


def _negated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the negation of a condition, unless another change is the same."""
    if isinstance(node, ast.expr) and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)


def _other_values(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from (node.left, node.right)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], ast.Load())
    elif isinstance(node, ast.Dict):
        for index in range(len(node.keys)):
            yield ast.Dict(node.keys[:index] + node.keys[index + 1 :], node.values[:index] + node.values[index + 1 :])


def _lists(owner: ast.AST, field: str, values: list[Any]) -> Iterator[tuple[list[Any], str]]:
    """Yield lists with a keyword argument or exception left out, or with statements changed, and a text if needed."""
    for index, each in enumerate(values):
        before, after = values[:index], values[index + 1 :]
        if field == "keywords":
            yield [*before, *after], ""
        elif isinstance(owner, ast.comprehension):
            yield [*before, ast.UnaryOp(ast.Not(), each), *after], ""
        elif isinstance(each, ast.ExceptHandler) and isinstance(each.type, ast.Tuple):
            for some in (each.type.elts[:left] + each.type.elts[left + 1 :] for left in range(len(each.type.elts))):
                kept = ast.Tuple(some, ast.Load())
                handler = ast.ExceptHandler(kept, each.name, each.body)
                yield [*before, handler, *after], f"except {ast.unparse(each.type)} -> {ast.unparse(kept)}"
        elif isinstance(each, ast.Return) and each.value is not None and ast.unparse(each.value) != "None":
            yield [*before, ast.Return(ast.Constant(None)), *after], f"{head_of(each)} -> return None"
        elif isinstance(each, ast.Raise | ast.AugAssign | ast.Continue | ast.Break) or _is_call(each):
            yield [*before, ast.Pass(), *after], f"{head_of(each)} -> pass"
        if after and _acts(each) and _acts(after[0]) and not _names(each, ast.Store) & _names(after[0], ast.Load):
            yield [*before, after[0], each, *after[1:]], f"{head_of(each)} <-> {head_of(after[0])}"


def _is_call(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _acts(node: Any) -> bool:
    """Return whether a statement may do something that another one sees."""
    if not isinstance(node, ast.stmt) or isinstance(node, Function):
        return False
    return isinstance(node, ast.Return | ast.Raise) or any(isinstance(each, ast.Call) for each in ast.walk(node))


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Return the names that a statement sets or reads."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, context)}
