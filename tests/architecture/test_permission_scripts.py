"""Claims about every line of the permission scripts, those that no test runs included: by their syntax trees."""

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
KNOWN = READS | CHANGES | POWERSHELL


def commands(script: Path) -> Iterator[tuple[Node, str, dict[str, Node | None]]]:
    """Yield every command of a script with its name and parameters; one that stands bare has no node of its own."""
    for node in inside(parsed(script)):
        bare = node.type == "command_name" and len(node.parent.named_children if node.parent else ()) == 1
        if bare or (node.type == "command" and len(node.named_children) > 1):
            name, named, _ = command_of(node)
            yield node, name, named


def changing(script: Path) -> dict[str, list[Node]]:
    """Return the changing commands of a script by their names."""
    found: dict[str, list[Node]] = {}
    for node, name, _ in commands(script):
        if name in CHANGES:
            found.setdefault(name, []).append(node)
    return found


def asks_first(node: Node) -> bool:
    """Return whether a command stands in the first branch of an if that only ShouldProcess opens."""
    while node.parent is not None:
        below, node = node, node.parent
        if node.type not in ("if_statement", "elseif_clause"):
            continue
        condition, block = node.named_children[:2]
        parts = re.split(r"\s-and\s", text_of(condition))
        if below == block and any(re.fullmatch(r"\$PSCmdlet\.ShouldProcess\(.*\)", part) for part in parts):
            return True
    return False


def test_the_scripts_are_those_that_have_an_undo_or_change_nothing() -> None:
    """A new one has to say which it is."""
    assert {path.stem for path in ALL} == {*UNDO, *UNDO.values(), *TESTS}


@SCRIPT
def test_every_cmdlet_and_parameter_is_a_documented_one(script: Path) -> None:
    """By Microsoft's pages; a script of ours is called with its own parameters."""
    for _, name, named in commands(script):
        if name.startswith('"$PSScriptRoot/'):
            other = SCRIPTS / name.strip('"').removeprefix("$PSScriptRoot/")
            assert named.keys() <= set(re.findall(r"^\.PARAMETER (\w+)", other.read_text(), re.MULTILINE))
        else:
            assert named.keys() <= KNOWN[name], name


def test_every_cmdlet_of_the_list_is_used() -> None:
    """The list says what an administrator's account has to be able to do, and nothing more."""
    assert {name for script in ALL for _, name, _ in commands(script) if not name.startswith('"')} == KNOWN.keys()


@SCRIPT
def test_every_change_asks_first_and_stops_at_an_error(script: Path) -> None:
    """So -WhatIf is a dry run. Exchange reports some refusals as errors that would not stop a script by themselves."""
    for name, nodes in changing(script).items():
        for node in nodes:
            assert asks_first(node), f"{name} is not behind $PSCmdlet.ShouldProcess"
            error_action = command_of(node)[1].get("ErrorAction")
            assert error_action is not None, name
            assert text_of(error_action) == "Stop", name


@SCRIPT
def test_whoever_changes_something_has_a_dry_run(script: Path) -> None:
    """And who takes something away asks, unless told not to."""
    binding = re.findall(r"^\[CmdletBinding\((.*)\)\]$", script.read_text(), re.MULTILINE)
    assert len(binding) == 1
    asking = ", ConfirmImpact = 'High'" if script.stem in UNDO.values() else ""
    assert binding[0] == ("" if script.stem in TESTS else f"SupportsShouldProcess{asking}")
    assert bool(changing(script)) is (script.stem not in TESTS)


@pytest.mark.parametrize(("granting", "undoing"), UNDO.items())
def test_every_change_has_its_undo(granting: str, undoing: str) -> None:
    """What one script makes with New- the other takes away with Remove-; a PATCH is undone by a PATCH."""
    made = {name.replace("New-", "Remove-") for name in changing(SCRIPTS / f"{granting}.ps1")}
    assert made == set(changing(SCRIPTS / f"{undoing}.ps1"))


@SCRIPT
def test_a_script_is_strict_and_says_what_it_needs_and_what_comes_next(script: Path) -> None:
    """Help for every parameter, an example, the modules, and a last line that begins with what to do next."""
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
def test_no_string_means_a_scope_by_mistake(script: Path) -> None:
    """PowerShell reads "$name: " as a variable of a scope, and the whole script fails."""
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
