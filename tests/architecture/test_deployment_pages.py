"""The pages about deployment match the template, its parameters, the command line, and the release's workflow."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from relay_admin.arguments import parser
from tests.support.yaml_text import content_of
from tools.deployment.preflight import CHECKS, PROVIDERS
from tools.deployment.routes import REFUSALS

ROOT = Path(__file__).parents[2]
NAMES = (
    "deployment",
    "deployment-rights",
    "deployment-without-azd",
    "moving",
    "releases",
    "secrets",
    "operations",
    "deployment-problems",
)
PAGES = {name: (ROOT / f"docs/{name}.md").read_text() for name in NAMES}
INFRA = {path.relative_to(ROOT / "infra").as_posix(): path.read_text() for path in (ROOT / "infra").rglob("*.bicep")}
MAIN, ROLES = INFRA["main.bicep"], INFRA["modules/roles.bicep"]
ALWAYS_REGISTERED = {"Microsoft.Authorization", "Microsoft.Resources"}
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OF_AZD = {"AZURE_RESOURCE_GROUP"}  # variables that azd itself reads


def blocks(page: str) -> list[str]:
    """Return the indented blocks of commands, each without its indentation and without text of a list's item."""
    indented = re.findall(r"(?:^ {4,}.*\n|^\n(?= {4}))+", page, re.MULTILINE)
    return [text for block in indented if (text := textwrap.dedent(block).strip()) and "  " not in text[:2]]


def commands(page: str) -> str:
    """Return the text of all blocks that begin with a command, with continued lines joined."""
    begins = ("az ", "azd ", "python", "export ", "VAULT=", "GROUP=", "START=", "for ", "sha256sum", "gh ", "unzip ")
    return "\n".join(text.replace("\\\n", " ") for text in blocks(page) if text.startswith(begins))


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_a_page_are_shell(name: str) -> None:
    """Bash parses them; an ellipsis stands for the reader's own values."""
    text = commands(PAGES[name])
    done = subprocess.run(["/bin/bash", "-n", "-c", text], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_are_read() -> None:
    """Of each page that has any."""
    numbers = {name: len(commands(page).splitlines()) for name, page in PAGES.items()}
    without = {"secrets", "operations", "deployment-problems"}
    assert {name for name, number in numbers.items() if number > 3} == set(NAMES) - without


def test_the_page_names_the_providers_of_the_template() -> None:
    """All that it registers, in the command and in the table, and those that the hook checks."""
    page = PAGES["deployment-rights"]
    [loop] = re.findall(r"for namespace in ((?:.|\n)+?); do", page)
    listed = set(re.findall(r"Microsoft\.\w+", loop))
    used = {name for text in INFRA.values() for name in re.findall(r"'(Microsoft\.\w+)/", text)}
    assert len(listed) == 10
    assert used - ALWAYS_REGISTERED <= listed
    assert set(re.findall(r"^\| (Microsoft\.\w+) \|", page, re.MULTILINE)) == listed
    assert listed == set(PROVIDERS)


def test_the_page_explains_what_the_hooks_say() -> None:
    """Each check before a deployment, and each refusal after it."""
    before, _, after = PAGES["deployment-problems"].partition("## After the code")
    checks = re.findall(r"^\| ([^|]+) \|", before.partition("## While it creates")[0], re.MULTILINE)[1:]
    assert {name for row in checks for name in row.split(", ")} == CHECKS.keys()
    rows = re.findall(r"^\| ([^|]+) \|", after, re.MULTILINE)
    assert {key for key in REFUSALS if not any(key in row for row in rows)} == set()


def test_the_condition_admits_exactly_the_roles_of_the_template() -> None:
    """For assignments that are written and for those that are deleted, of service principals."""
    page = PAGES["deployment-rights"]
    assigned = set(GUID.findall(ROLES))
    assert len(assigned) == 5
    condition = page.partition("CONDITION=$(cat <<'TEXT'\n")[2].partition("TEXT\n")[0]
    written, deleted = condition.split("    AND\n    (\n")
    for part, action, side in ((written, "write", "@Request"), (deleted, "delete", "@Resource")):
        assert f"!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})" in part
        assert set(GUID.findall(part)) == assigned
        assert part.count(side) == part.count("@") == 2
        assert "StringEqualsIgnoreCase {'ServicePrincipal'}" in part
    assert condition.count("(") == condition.count(")")
    assert set(re.findall(r"^\| [\w ]+ \| (\S{36}) \|", page, re.MULTILINE)) == assigned
    assert ROLES.count("principalType: 'ServicePrincipal'") == ROLES.count("principalType:")


@pytest.mark.parametrize("name", NAMES)
def test_parameters_outputs_and_variables_exist(name: str) -> None:
    """As the template, its parameters' file and its outputs name them."""
    text = commands(PAGES[name])
    parameters = set(re.findall(r"^param (\w+) ", MAIN, re.MULTILINE))
    outputs = set(re.findall(r"^output (\w+) ", MAIN, re.MULTILINE))
    variables = set(re.findall(r"\$\{(\w+)", (ROOT / "infra/main.parameters.json").read_text())) | OF_AZD
    passed = " ".join(re.findall(r"(?:--parameters |PARAMETERS=\(|create … )(.+)", text))
    assert set(re.findall(r"(?:^| )([a-z]\w+)=", passed)) <= parameters
    assert set(re.findall(r"\$(AZURE_\w+|RELAY_\w+)", text)) <= outputs
    assert set(re.findall(r"azd env get-value (\w+)", PAGES[name])) <= outputs | variables
    assert set(re.findall(r"azd env set (\w+) ", PAGES[name])) <= variables


def test_a_parameter_without_a_default_is_passed() -> None:
    """By the commands without azd: az would ask for it."""
    required = set(re.findall(r"^param (\w+) [\w.]+\n", MAIN, re.MULTILINE))
    created = re.findall(r"az deployment group create --resource-group (.+)", commands(PAGES["deployment-without-azd"]))
    assert required
    assert all(required <= set(re.findall(r" (\w+)=", line)) for line in created if "…" not in line)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_has_the_commands(name: str) -> None:
    """With their options, by its parser."""
    for words in re.findall(r"(?:python -m relay_admin|`rotate) ?([^`\n#;]*)", PAGES[name]):
        if words.strip():
            line = (
                words if words.split()[0] not in ("client-state-key", "partner-signing-secret") else f"rotate {words}"
            )
            parser().parse_args(line.split())


def test_a_stack_lets_go_of_secrets() -> None:
    """It cannot delete them ("Deployment stacks known issues"): without the option, removing it fails."""
    lines = [line for page in PAGES.values() for line in commands(page).splitlines() if line.startswith("az stack")]
    assert len(lines) >= 2
    assert all("--resources-without-delete-support detach" in line for line in lines)
    assert all("--action-on-unmanage deleteResources" in line for line in lines)


def test_the_page_names_the_assets_of_a_release() -> None:
    """Those that the workflow collects."""
    job = content_of((ROOT / ".github/workflows/release.yml").read_text())["jobs"]["build"]
    [collect] = [step["run"] for step in job["steps"] if step.get("name", "").startswith("Collect")]
    copied = re.findall(r"cp (.+) publish/assets/", collect)[0].split()
    assets = {name.rpartition("/")[2] for name in copied} | {"MANIFEST.sha256", "SHA256SUMS"}
    table = PAGES["releases"].partition("## What it holds")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}
    assert listed == assets
