"""docs/security.md names the tests for each threat."""

import re

import pytest

from sandbox.process import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
THREATS = [
    line.strip("| ").split(" | ") for line in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    if line.startswith("|") and not line.startswith(("| who | tries", "|---"))
]  # fmt: skip
FILES: dict[str, list[str]] = {}  # the files of each test, by its name
for path in (ROOT / "tests").rglob("test_*.py"):
    for test in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE):
        FILES.setdefault(test, []).append(path.stem)


def test_the_table_of_threats_is_read() -> None:
    """Each row has the attacker, the aim, the defence and tests."""
    assert len(THREATS) >= 12
    assert {len(row) for row in THREATS} == {4}


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[1][:50])
def test_the_tests_of_a_threat_exist(row: list[str]) -> None:
    """A renamed or deleted test must not leave a threat untested; for tests with the same name the file decides."""
    named = re.findall(r"`([^`]+)`", row[3])
    assert named, f"no test shows what stops who tries {row[1]}"
    for name in named:
        stem, _, test = name.rpartition("::")
        assert len([file for file in FILES.get(test, []) if stem in ("", file)]) == 1, name


def test_the_page_counts_the_open_routes() -> None:
    """Those without a key: two for Graph, health, and the contract."""
    from tools.openapi.routes import operations

    numbers = {"four": 4, "five": 5, "six": 6}
    documented = re.search(r"for every call but (\w+);", PAGE)
    assert documented is not None
    callers = [operation.caller for operation in operations(entra=False)]
    assert numbers[documented[1]] == sum(caller in ("anyone", "Microsoft Graph") for caller in callers)
