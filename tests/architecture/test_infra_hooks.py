"""The hooks of azd: one Python file of the standard library, called alike everywhere, in step with the template."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.yaml_text import content_of
from tools.deployment.names import BEGINNING
from tools.deployment.preflight import PROVIDERS
from tools.deployment.values import OURS

ROOT = Path(__file__).parents[2]
HOOK = ROOT / "infra/hooks/next.py"
QUESTIONS = sorted((ROOT / "tools/deployment").glob("*.py"))
CONFIG: dict[str, Any] = content_of((ROOT / "azure.yaml").read_text())
SERVICE: dict[str, Any] = CONFIG["services"]["relay"]
VERBS = {
    "preprovision": "preflight", "postprovision": "provision", "prepackage": "package", "postdeploy": "deploy",
    "predown": "down",
}  # fmt: skip
HOOKS: dict[str, Any] = {**CONFIG["hooks"], **SERVICE["hooks"]}
BICEP = {path: path.read_text() for path in (ROOT / "infra").rglob("*.bicep")}
MAIN = BICEP[ROOT / "infra/main.bicep"]
WINDOWS = (
    "$p = (Get-Command py, python -ErrorAction SilentlyContinue | Select-Object -First 1).Source; "
    "& $p infra/hooks/next.py {verb}; exit $LASTEXITCODE"
)


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_there_is_a_single_hook() -> None:
    """A second script would be a second place for the same step."""
    assert [path.name for path in HOOK.parent.iterdir() if path.name != "__pycache__"] == ["next.py"]
    for path in (HOOK, *QUESTIONS):
        assert len(path.read_text().splitlines()) <= 250, path


@pytest.mark.parametrize("path", [HOOK, *QUESTIONS], ids=lambda path: path.name)
def test_the_standard_library_is_enough(path: Path) -> None:
    """Azd runs the hook with any Python, before anything is installed."""
    foreign = {name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith("tools.deployment")} == set()


def test_an_old_python_gets_a_message() -> None:
    """Not a syntax error: the file is valid for Python 3.8, and nothing of the project is imported before the check."""
    text = HOOK.read_text()
    ast.parse(text, feature_version=(3, 8))
    before, _, after = text.partition("if sys.version_info < (3, 11):")
    assert "tools" not in re.findall(r"^(?:import|from) (\w+)", before, re.MULTILINE)
    assert "tools" in re.findall(r"^(?:import|from) (\w+)", after, re.MULTILINE)


def test_azd_calls_each_verb_on_every_system() -> None:
    """Inline: azd would install requirements for a script file. PowerShell passes the exit code on only if told to."""
    lines = {hook: {system: how["run"] for system, how in systems.items()} for hook, systems in HOOKS.items()}
    assert lines == {
        hook: {"posix": f"python3 infra/hooks/next.py {verb}", "windows": WINDOWS.format(verb=verb)}
        for hook, verb in VERBS.items()
    }
    assert SERVICE["hooks"].keys() == {"prepackage"}
    shells = {(system, how["shell"]) for systems in HOOKS.values() for system, how in systems.items()}
    assert shells == {("posix", "sh"), ("windows", "pwsh")}


def test_the_output_of_a_hook_stays_visible() -> None:
    """Without `interactive` azd clears it, and a failure has no reason."""
    assert all(how["interactive"] is True for systems in HOOKS.values() for how in systems.values())


def test_azd_deploys_the_built_folder_as_it_is() -> None:
    """A remote build would install dependencies that were not tested. Older azd versions ignore these keys."""
    kept = {name: SERVICE[name] for name in ("project", "dist", "remoteBuild", "host", "language")}
    assert kept == {
        "project": ".", "dist": "dist/app", "remoteBuild": False, "host": "function", "language": "python",
    }  # fmt: skip
    assert CONFIG["requiredVersions"] == {"azd": ">= 1.25.3"}


def test_the_variables_of_the_hooks_are_outputs_of_the_template() -> None:
    """Except those that a person sets. The suffix is an output and a parameter, so that azd keeps it."""
    outputs = set(re.findall(r"^output ([A-Z_]+) ", MAIN, re.MULTILINE))
    names = {name for path in (HOOK, *QUESTIONS) for name in re.findall(r"\bRELAY_[A-Z_]+\b", path.read_text())}
    by_hand = {"RELAY_DEPLOY_SECONDS", "RELAY_DEPLOY_PAUSE", "RELAY_PACKAGE", "RELAY_KEY", "RELAY_AUDIENCE",
               "RELAY_ACCEPT_UPGRADE"}  # fmt: skip
    assert names - by_hand <= outputs
    assert by_hand <= names
    assert '"suffix": { "value": "${RELAY_SUFFIX}" }' in (ROOT / "infra/main.parameters.json").read_text()


def test_names_and_tags_are_the_templates() -> None:
    """The hook recognizes a relay by them."""
    assert any(f"'{BEGINNING}${{" in text for text in BICEP.values())
    assert OURS == {"application": "calendar-relay"}
    assert "application: 'calendar-relay'" in MAIN
    text = re.findall(r'^TEMPLATE = "(.+?)"', HOOK.read_text(), re.MULTILINE)
    assert any(f"'{text[0]}'" in bicep for bicep in BICEP.values())


def test_the_providers_are_those_of_the_template() -> None:
    """And that of the rule which Application Insights creates by itself. Authorization is always registered."""
    named = {name for text in BICEP.values() for name in re.findall(r"'(Microsoft\.\w+)/", text)}
    assert set(PROVIDERS) == named - {"Microsoft.Authorization", "Microsoft.Resources"} | {"Microsoft.AlertsManagement"}
    assert len(PROVIDERS) == len(set(PROVIDERS)) == 10


def test_each_page_and_script_that_a_hook_names_exists() -> None:
    """With the section that a quoted title names."""
    texts = [path.read_text() for path in (HOOK, *QUESTIONS)]
    names = {name for text in texts for name in re.findall(r"\b(?:docs|infra)/[\w./-]+\.(?:md|ps1|json|bicep)", text)}
    assert len(names) > 5
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert "\n## Open the vault\n" in (ROOT / "docs/deployment.md").read_text()


def test_every_text_file_has_the_same_line_ends_everywhere() -> None:
    """A checkout on Windows would change the package's hash, and break a script. Calendars keep their CRLF."""
    command = ["git", "ls-files", "--eol"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    attributes = {path: text for text, _, path in (line.partition("\t") for line in listed)}
    assert len(attributes) > 500
    others = {path for path, text in attributes.items() if "attr/text=auto eol=lf" not in text or "w/crlf" in text}
    assert {Path(path).suffix for path in others} == {".ics"}
