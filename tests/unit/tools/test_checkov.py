"""checkov reads every Bicep file: what its parser does not know is rewritten, and an unread file is a failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.bicep_files import BICEP, ROOT
from tools.checkov import FOLDER, failure_of, plain, write_copies

ANSWER = "bicep scan results:\n\nPassed checks: {}, Failed checks: 0, Skipped checks: 0{}\n"


@pytest.mark.parametrize(
    ("typed", "simple"),
    [
        ("param tags { *: string } = {}", "param tags object = {}"),
        ("param ranges string[] = ['a']", "param ranges array = ['a']"),
        ("param zoneIds dnsZoneIds", "param zoneIds object"),
        ("param name string", "param name string"),
        ("param sizes { a: string, b: int }[]", "param sizes array"),
        ("import { a } from 'b.bicep'\nparam x int", "\nparam x int"),
        ("@export()\n@description('A type.')\ntype t = { a: string? }\nvar x = 1", "\n\n\nvar x = 1"),
        ("type t = {\n  a: string\n}\nvar x = 1", "\n\n\nvar x = 1"),
        ("@onlyIfNotExists()\nresource a 'b@c' = {", "\nresource a 'b@c' = {"),
        ("var x = empty(y)\n  ? {}\n  : { z: y }\nvar a = 1", "var x = empty(y) ? {} : { z: y }\n\n\nvar a = 1"),
        ("zoneId: zoneIds.?blob ?? '' }", "zoneId: zoneIds.blob }"),
    ],
)
def test_what_the_parser_does_not_know_is_rewritten(typed: str, simple: str) -> None:
    """By the nearest that it knows, on the same line."""
    assert plain(typed) == simple


def test_a_copy_has_the_lines_of_its_file() -> None:
    """So checkov names the right line. Resources stay as they are."""
    for file, text in BICEP.items():
        copy = plain(text)
        assert copy.count("\n") == text.count("\n"), file
        assert re.findall(r"^resource .*$", copy, re.MULTILINE) == re.findall(r"^resource .*$", text, re.MULTILINE), (
            file
        )
        assert not re.search(r"^(import|type|@export|@onlyIf)|\.\?|^param \w+ \S*\[\]", copy, re.MULTILINE), file


def test_copies_lie_where_checkov_looks(tmp_path: Path) -> None:
    """All files, and in the folder of its configuration."""
    assert write_copies(tmp_path) == len(BICEP)
    assert {str(path.relative_to(tmp_path / "infra")) for path in tmp_path.rglob("*.bicep")} == BICEP.keys()
    assert f"directory: [{FOLDER.relative_to(ROOT)}, .github]\n" in (ROOT / ".checkov.yaml").read_text()


@pytest.mark.parametrize(
    ("output", "failure"),
    [
        (ANSWER.format(30, ""), ""),
        (ANSWER.format(30, ", Parsing errors: 2"), "could not read"),
        (ANSWER.format(0, ""), "no Bicep file"),
        ("github_actions scan results:\n\nPassed checks: 48, Failed checks: 0\n", "no Bicep file"),
    ],
)
def test_an_unread_file_is_a_failure(output: str, failure: str) -> None:
    """Checkov itself reports success then."""
    assert failure in failure_of(output)
    assert bool(failure) == bool(failure_of(output))
