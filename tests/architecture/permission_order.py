"""What a method does in order, with the methods of its class that it calls: it asks the permission, or calls a client.

A client is a class of shared/graph whose methods take a mailbox, a business, a subscription or an address.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.architecture.trees import tree_of

ROOT = Path(__file__).parents[2]
# The names of parameters that say whose data a call is about, or where it goes.
TARGETS = {"mailbox", "mailboxes", "business", "subscription_id", "notification_url", "url", "path", "resource"}
READING_POSTS = {"BookingsClient.availability"}  # getStaffAvailability
OUTGOING = {"Webhook", "HandshakeCheck"}  # they send to an address of their own
TRANSPORT = {"GraphRetry", "LoginHttp"}  # below the clients: their paths are those of login, and of every call


class Act(NamedTuple):
    """`ask` with the verb of the permission ("" if it is not a literal), or `use` with Class.method of a client."""

    kind: str
    what: str


def classes_below(*folders: str) -> Iterator[ast.ClassDef]:
    """Yield the classes of folders of shared/."""
    for folder in folders:
        for path in sorted((ROOT / "shared" / folder).rglob("*.py")):
            yield from (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))


def methods_of(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """Return a class's methods by name."""
    return {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}


def parameters(function: ast.FunctionDef) -> list[str]:
    """Return the names of a method's parameters, without self."""
    return [each.arg for each in (*function.args.args[1:], *function.args.kwonlyargs)]


@cache
def clients() -> Mapping[str, ast.ClassDef]:
    """Return the classes of shared/graph with a public method that takes a target, and those that send to their own."""
    found = {
        node.name: node
        for node in classes_below("graph", "partner")
        if node.name in OUTGOING
        or any(TARGETS & {*parameters(method)} for name, method in methods_of(node).items() if not name.startswith("_"))
    }
    return {name: node for name, node in found.items() if name not in TRANSPORT and not name.startswith("_")}


@cache
def writes() -> frozenset[str]:
    """Return the client methods, as Class.method, that call Graph with another verb than GET."""
    verbs = {"POST", "PATCH", "DELETE", "PUT"}
    return frozenset(
        f"{name}.{method}"
        for name, node in clients().items()
        for method, function in methods_of(node).items()
        if verbs & {each.value for each in ast.walk(function) if isinstance(each, ast.Constant)}
    ) - frozenset(READING_POSTS)


def fields_of(node: ast.ClassDef) -> dict[str, str]:
    """Return the fields of a class, and what its __init__ stores, that are clients or the permission."""
    fields: dict[str, ast.expr] = {}
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            fields[each.target.id] = each.annotation
    if (init := methods_of(node).get("__init__")) is not None:
        fields |= {f"_{each.arg}": each.annotation for each in init.args.args[1:] if each.annotation is not None}
    kinds = {*clients(), "Permission"}
    names = {name: [each.id for each in ast.walk(kind) if isinstance(each, ast.Name)] for name, kind in fields.items()}
    return {name: each for name, ids in names.items() for each in ids if each in kinds}


def acts_of(node: ast.ClassDef, method: str) -> list[Act]:
    """Return what a method does, in the order of its text."""
    return list(_acts(node, methods_of(node)[method], {}, (method,)))


def _acts(
    node: ast.ClassDef, function: ast.FunctionDef, bound: Mapping[str, str], inside: tuple[str, ...]
) -> Iterator[Act]:
    fields, methods = fields_of(node), methods_of(node)
    for name, call in _calls_in_order(function):
        owner, _, last = name.rpartition(".")
        kind = fields.get(owner.removeprefix("self."))
        if kind == "Permission":
            if last in ("may", "require"):
                yield Act("ask", _verb_in(call, bound))
        elif kind is not None:
            yield Act("use", f"{kind}.{last}")
        elif owner == "self" and last in methods and last not in inside:
            yield from _acts(node, methods[last], _bound(methods[last], call, bound), (*inside, last))


def _calls_in_order(function: ast.FunctionDef) -> list[tuple[str, ast.Call | None]]:
    """Return the calls of a function by the place of their text, also of methods that are only passed on."""
    called = {id(each.func): each for each in ast.walk(function) if isinstance(each, ast.Call)}
    attributes = [each for each in ast.walk(function) if isinstance(each, ast.Attribute)]
    attributes.sort(key=lambda each: (each.end_lineno, each.end_col_offset))
    return [(ast.unparse(each), called.get(id(each))) for each in attributes]


def _verb_in(call: ast.Call | None, bound: Mapping[str, str]) -> str:
    last = call.args[-1] if call is not None and call.args else None
    if isinstance(last, ast.Constant):
        return str(last.value)
    return bound.get(last.id, "") if isinstance(last, ast.Name) else ""


def _bound(function: ast.FunctionDef, call: ast.Call | None, bound: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a method that a call gives a literal, or one that it got itself."""
    found: dict[str, str] = {}
    for name, given in zip(parameters(function), call.args if call is not None else (), strict=False):
        if isinstance(given, ast.Constant):
            found[name] = str(given.value)
        elif isinstance(given, ast.Name) and given.id in bound:
            found[name] = bound[given.id]
    return found
