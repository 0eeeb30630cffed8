"""Every line of the permission scripts, including those that no test runs, by their syntax trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.documented_cmdlets import CHANGES, POWERSHELL, READS, TESTS, UNDO
from tests.support.powershell.syntax import Node, command_of, inside, parsed, scoped_by_mistake, text_of

SCRIPTS = Path(__file__).parents[2] / "infra" / "permissions"
ALL = sorted(SCRIPTS.glob("*.ps1"))
SCRIPT = pytest.mark.parametrize("script", ALL, ids=[path.stem for path in ALL])
ALLOWED = READS | CHANGES | POWERSHELL


def commands(script: Path) -> Iterator[tuple[Node, str, dict[str, Node | None]]]:
    """Yield every command of a script with its name and parameters; a bare word has no node."""
    for node in inside(parsed(script)):
        bare = node.type == "command_name" and len(node.parent.named_children if node.parent else ()) == 1
        if bare or (node.type == "command" and len(node.named_children) > 1):
            name, named, _ = command_of(node)
            yield node, name, named


def changing(script: Path) -> dict[str, list[Node]]:
    """Return the changing commands of a script by name."""
    found: dict[str, list[Node]] = {}
    for node, name, _ in commands(script):
        if name in CHANGES:
            found.setdefault(name, []).append(node)
    return found


def is_guarded(node: Node) -> bool:
    """Return whether a command is in the first branch of an if with only ShouldProcess as its condition."""
    while node.parent is not None:
        below, node = node, node.parent
        if node.type not in ("if_statement", "elseif_clause"):
            continue
        condition, block = node.named_children[:2]
        parts = re.split(r"\s-and\s", text_of(condition))
        if below == block and any(re.fullmatch(r"\$PSCmdlet\.ShouldProcess\(.*\)", part) for part in parts):
            return True
    return False


def test_every_script_has_an_undo_or_changes_nothing() -> None:
    """A new script must be listed as one of the two."""
    assert {path.stem for path in ALL} == {*UNDO, *UNDO.values(), *TESTS}


@SCRIPT
def test_every_cmdlet_and_parameter_is_documented(script: Path) -> None:
    """By Microsoft's pages; another script here is called with its own parameters."""
    for _, name, named in commands(script):
        if name.startswith('"$PSScriptRoot/'):
            other = SCRIPTS / name.strip('"').removeprefix("$PSScriptRoot/")
            assert named.keys() <= set(re.findall(r"^\.PARAMETER (\w+)", other.read_text(), re.MULTILINE))
        else:
            assert named.keys() <= ALLOWED[name], name


def test_every_cmdlet_of_the_list_is_used() -> None:
    """The list is the set of rights that an administrator needs."""
    assert {name for script in ALL for _, name, _ in commands(script) if not name.startswith('"')} == ALLOWED.keys()


@SCRIPT
def test_every_change_is_guarded_and_stops_at_an_error(script: Path) -> None:
    """So -WhatIf is a dry run. Exchange reports some errors as non-terminating, which would not stop a script."""
    for name, nodes in changing(script).items():
        for node in nodes:
            assert is_guarded(node), f"{name} is not behind $PSCmdlet.ShouldProcess"
            error_action = command_of(node)[1].get("ErrorAction")
            assert error_action is not None, name
            assert text_of(error_action) == "Stop", name


@SCRIPT
def test_every_changing_script_has_a_dry_run(script: Path) -> None:
    """A script that removes something also asks for confirmation by default."""
    binding = re.findall(r"^\[CmdletBinding\((.*)\)\]$", script.read_text(), re.MULTILINE)
    assert len(binding) == 1
    asking = ", ConfirmImpact = 'High'" if script.stem in UNDO.values() else ""
    assert binding[0] == ("" if script.stem in TESTS else f"SupportsShouldProcess{asking}")
    assert bool(changing(script)) is (script.stem not in TESTS)


@pytest.mark.parametrize(("granting", "undoing"), UNDO.items())
def test_every_change_has_its_undo(granting: str, undoing: str) -> None:
    """The undo removes with Remove- what a script creates with New-; a PATCH is undone by a PATCH."""
    made = {name.replace("New-", "Remove-") for name in changing(SCRIPTS / f"{granting}.ps1")}
    assert made == set(changing(SCRIPTS / f"{undoing}.ps1"))


@SCRIPT
def test_a_script_is_strict_and_documented(script: Path) -> None:
    """Help for every parameter, an example, the modules, and a last line with the next step."""
    text = script.read_text(encoding="ascii")
    assert text.startswith("#Requires -Version 5.1\n#Requires -Modules ")
    assert "Set-StrictMode -Version Latest\n$ErrorActionPreference = 'Stop'\n" in text
    documented = re.findall(r"^\.PARAMETER (\w+)", text, re.MULTILINE)
    block = next(node for node in inside(parsed(script)) if node.type == "param_block")
    variables = [n for p in inside(block) if p.type == "script_parameter" for n in p.named_children]
    assert [text_of(node)[1:] for node in variables if node.type == "variable"] == documented
    assert f"./{script.name} -AppId " in text
    assert script.stem == "Test-RelayMailboxAccess" or "Next: " in "".join(text.splitlines()[-3:])


@SCRIPT
def test_no_string_names_a_scope_by_mistake(script: Path) -> None:
    """PowerShell reads "$name: " as a variable with a scope, and the whole script fails."""
    strings = [node for node in inside(parsed(script)) if node.type == "expandable_string_literal"]
    assert strings
    for node in strings:
        source = node.text or b""
        for child in node.named_children:
            assert not scoped_by_mistake(child, source[child.end_byte - node.start_byte :]), text_of(node)


@SCRIPT
def test_no_script_handles_a_secret(script: Path) -> None:
    """Each works with the administrator's own sign-in."""
    assert not re.search(r"(?i)password|client.?secret|securestring|credential", script.read_text())
