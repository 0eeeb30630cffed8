"""Runs the PowerShell scripts of infra/permissions without PowerShell: the subset that they use.

Strict like `Set-StrictMode -Version Latest`: an unknown variable, property, cmdlet or parameter is an error. Syntax
that the scripts do not use is rejected, not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.powershell.expressions import Expressions
from tests.support.powershell.syntax import Node, command_of, flat, inside, parsed, plain, text_of
from tests.support.powershell.values import NotFound, Thing, Thrown, shown, true


class _Return(Exception):
    pass


@dataclass
class Session:
    """A PowerShell session: its cmdlets, and its output."""

    cmdlets: dict[str, Callable[..., Any]]
    dry: bool = False
    output: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    what_if: list[str] = field(default_factory=list)

    def run(self, script: Path, **arguments: Any) -> None:
        """Run a script with arguments by their names. Raises Thrown."""
        run = _Run(self, script)
        root = parsed(script)
        block = next(node for node in root.named_children if node.type == "param_block")
        run.bind(block, {name.lower(): value for name, value in arguments.items()})
        try:
            for node in root.named_children:
                if node.type == "statement_list":
                    self.output += [shown(item) for item in run.statements(node)]
        except _Return:
            pass
        finally:
            self.output += map(shown, run.said)


class _Run(Expressions):
    """A running script."""

    def __init__(self, session: Session, script: Path) -> None:
        self.session = session
        self.script = script
        self.said: list[Any] = []
        self.variables: dict[str, Any] = {
            "true": True, "false": False, "null": None, "whatifpreference": session.dry,
            "psscriptroot": str(script.parent),
        }  # fmt: skip

    def bind(self, block: Node, arguments: dict[str, Any]) -> None:
        for parameter in (node for node in inside(block) if node.type == "script_parameter"):
            name = text_of(next(n for n in parameter.named_children if n.type == "variable"))[1:].lower()
            default = [n for n in parameter.named_children if n.type == "script_parameter_default"]
            mandatory = "Mandatory" in text_of(parameter)
            if name in arguments:
                self.variables[name] = arguments.pop(name)
            elif mandatory:
                raise Thrown(f"{name} is mandatory")
            else:
                blank = False if "[switch]" in text_of(parameter) else ""
                self.variables[name] = self.value(default[0].named_children[0]) if default else blank
        if arguments:
            raise Thrown(f"{self.script.name} has no parameter {', '.join(arguments)}")

    def statements(self, block: Node) -> list[Any]:
        found: list[Any] = []
        for node in block.named_children:
            if node.type != "comment":
                found += self.outputs(node)
        return found

    def outputs(self, node: Node) -> list[Any]:
        """Return the output of a statement or an expression."""
        node = plain(node)
        doing = getattr(self, f"_{node.type}", None)
        if doing is not None:
            return list(doing(node))
        value = self.value(node)
        return value if isinstance(value, list) else [] if value is None else [value]

    def value(self, node: Node) -> Any:
        """Return an expression's value."""
        node = plain(node)
        reading = getattr(self, f"_value_{node.type}", None)
        if reading is not None:
            return reading(node)
        if hasattr(self, f"_{node.type}"):
            found = self.outputs(node)
            return found[0] if len(found) == 1 else (found or None)
        raise NotImplementedError(f"{self.script.name}:{node.start_point[0] + 1}: {node.type} {text_of(node)[:60]}")

    # Statements

    def _pipeline(self, node: Node) -> list[Any]:
        return [item for child in node.named_children for item in self.outputs(child)]

    def _statement_block(self, node: Node) -> list[Any]:
        return [item for child in node.named_children for item in self.statements(child)]

    def _assignment_expression(self, node: Node) -> list[Any]:
        target, operator, source = node.named_children
        name = text_of(target)[1:].lower()
        value = self.value(source)
        if text_of(operator) == "+=":
            value = [*self.variables[name], *(value if isinstance(value, list) else [value])]
        self.variables[name] = value
        return []

    def _if_statement(self, node: Node) -> list[Any]:
        condition, block, *others = node.named_children
        if true(self.value(condition)):
            return self.outputs(block)
        for other in flat(others):
            if other.type == "else_clause":
                return self.outputs(other.named_children[0])
            if true(self.value(other.named_children[0])):
                return self.outputs(other.named_children[1])
        return []

    def _foreach_statement(self, node: Node) -> list[Any]:
        variable, source, block = node.named_children
        found: list[Any] = []
        for item in self.outputs(source):
            self.variables[text_of(variable)[1:].lower()] = item
            found += self.outputs(block)
        return found

    def _flow_control_statement(self, node: Node) -> list[Any]:
        if text_of(node).startswith("throw"):
            raise Thrown(shown(self.value(node.named_children[0])))
        assert text_of(node) == "return"
        raise _Return

    def _pipeline_chain(self, node: Node) -> list[Any]:
        first, *rest = node.named_children
        items = self.outputs(first)
        for command in rest:
            items = self._piped(command, items)
        return items

    def _command(self, node: Node) -> list[Any]:
        return self._piped(node, None)

    _command_name = _command

    def _piped(self, node: Node, items: list[Any] | None) -> list[Any]:
        name, named, loose = command_of(node)
        if name in ("Where-Object", "ForEach-Object"):
            assert items is not None
            assert not named
            return self._each(name, plain(loose[0]).named_children[0], items)
        arguments = {key: True if given is None else self.value(given) for key, given in named.items()}
        if name.startswith('"'):
            self.session.run(Path(self.value(node.named_children[1])), **arguments)
            return []
        if name in _BUILT_IN:
            return _BUILT_IN[name](self, arguments, [self.value(one) for one in loose], items or [])
        return self._cmdlet(name, arguments)

    def _cmdlet(self, name: str, arguments: dict[str, Any]) -> list[Any]:
        action = arguments.pop("ErrorAction", "Stop")
        arguments.pop("Confirm", None)
        try:
            found = self.session.cmdlets[name](**{key.lower(): value for key, value in arguments.items()})
        except NotFound as error:
            if action == "SilentlyContinue":
                return []
            raise Thrown(str(error)) from None
        return found if isinstance(found, list) else [] if found is None else [found]

    def should_process(self, target: Any, action: Any) -> bool:
        if self.session.dry:
            self.session.what_if.append(f"{shown(action)}: {shown(target)}")
        return not self.session.dry

    def _each(self, name: str, body: Node, items: list[Any]) -> list[Any]:
        found: list[Any] = []
        for item in items:
            self.variables["_"] = item
            result = self.outputs(body)
            found += ([item] if true(result) else []) if name == "Where-Object" else result
        return found


def _say(run: _Run, _: dict[str, Any], values: list[Any], __: list[Any]) -> list[Any]:
    run.said += values
    return []


def _warn(run: _Run, _: dict[str, Any], values: list[Any], __: list[Any]) -> list[Any]:
    run.session.warnings += map(shown, values)
    return []


# PowerShell's own commands, by the script, the named arguments, the other arguments, and the pipeline's items.
_BUILT_IN: dict[str, Callable[[_Run, dict[str, Any], list[Any], list[Any]], list[Any]]] = {
    "Set-StrictMode": lambda *_: [],
    "Out-Null": lambda *_: [],
    "Write-Output": _say,
    "Write-Warning": _warn,
    "Get-Content": lambda _, named, __, ___: [Path(named["Path"]).read_text(encoding="utf-8")],
    "ConvertTo-Json": lambda _, named, __, ___: [json.dumps(named["InputObject"])],
    "ConvertFrom-Json": lambda _, __, ___, items: [json.loads(items[0], object_pairs_hook=lambda p: Thing(**dict(p)))],
}
