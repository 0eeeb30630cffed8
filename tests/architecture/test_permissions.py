"""The lists of permissions, of Entra ID and of Exchange, and docs/permissions.md match what the code needs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from relay_admin.arguments import parser
from relay_admin.entra.command import entra
from sandbox.process import ROOT
from shared.auth.caller import ADMIN, READ, SETUP
from tests.architecture.documented_cmdlets import TESTS, UNDO
from tests.architecture.feature_files import PERMISSION_FILES

ENTRA, EXCHANGE = (json.loads((ROOT / path).read_text()) for path in PERMISSION_FILES)
PERMISSIONS: list[dict[str, Any]] = [*ENTRA["permissions"], *EXCHANGE["permissions"]]
IN_PRODUCT = [permission for permission in PERMISSIONS if permission["inProduct"]]
PAGE = (ROOT / "docs" / "permissions.md").read_text()
# Graph's form of a name: an object, an operation, and a scope ("Microsoft Graph permissions reference").
NAME = re.compile(r"\b(?!Relay\.)[A-Z]\w+\.(?:Read|ReadBasic|ReadWrite|Manage|Send)(?:\.[A-Z]\w+)*\b")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def named_in_code() -> Iterator[str]:
    """Yield every permission that the app's own code names."""
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from NAME.findall(path.read_text())


def test_the_code_names_exactly_the_permissions_of_the_product() -> None:
    """An unused permission would be granted for nothing, and a missing one by guesswork."""
    assert set(named_in_code()) == {permission["name"] for permission in IN_PRODUCT}


@pytest.mark.parametrize("permission", PERMISSIONS, ids=lambda permission: permission["name"])
def test_every_permission_says_why_and_what_it_does_not_allow(permission: dict[str, Any]) -> None:
    """And which lesser permission is not enough."""
    for name in ("features", "why", "doesNotAllow", "leastAlternative", "whyNotTheAlternative", "pages"):
        assert permission[name], name
    assert GUID.fullmatch(permission["appRoleId"])
    in_exchange = {"exchange": f"Application {permission['name']}", "entra": None}
    assert permission["exchangeRole"] == in_exchange[permission["grantedIn"]]


def test_each_list_has_what_is_granted_there() -> None:
    """The command line reads one, the scripts for Exchange the other; the command line knows what is granted there."""
    assert {permission["grantedIn"] for permission in ENTRA["permissions"]} == {"entra"}
    assert {permission["grantedIn"] for permission in EXCHANGE["permissions"]} == {"exchange"}
    in_exchange = {permission["name"]: permission["features"] for permission in EXCHANGE["permissions"]}
    assert ENTRA["grantedInExchange"] == in_exchange


def test_the_core_needs_a_single_permission() -> None:
    """Calendars.Read, granted in Exchange; a place is read for room lists and rooms only."""
    features = {permission["name"]: permission["features"] for permission in IN_PRODUCT}
    assert [name for name, needed_by in features.items() if "relay" in needed_by] == ["Calendars.Read"]
    assert features["Place.Read.All"] == ["room-lists", "rooms"]


def test_no_permission_is_named_twice() -> None:
    """Neither by its name nor by its id."""
    for key in ("name", "appRoleId"):
        assert len({permission[key] for permission in PERMISSIONS}) == len(PERMISSIONS)


@pytest.mark.parametrize("permission", IN_PRODUCT, ids=lambda permission: permission["name"])
def test_the_page_equals_the_scripts_data(permission: dict[str, Any]) -> None:
    """The texts are the same."""
    role = f", as {permission['exchangeRole']}" if permission["exchangeRole"] else ""
    cells = [
        permission["name"], ", ".join(permission["features"]), permission["grantedIn"] + role, permission["why"],
        permission["doesNotAllow"], f"{permission['leastAlternative']}. {permission['whyNotTheAlternative']}",
    ]  # fmt: skip
    assert f"| {' | '.join(cells)} |" in PAGE


def test_the_page_has_no_other_permissions() -> None:
    """The page is read by the person who must agree to it."""
    others = [permission["name"] for permission in PERMISSIONS if not permission["inProduct"]]
    assert not [name for name in others if f"| {name} |" in PAGE]


def test_the_app_roles_are_those_that_the_code_requires() -> None:
    """With their own ids, for apps and not for people."""
    roles = json.loads((ROOT / "relay_admin/entra/app-roles.json").read_text())["appRoles"]
    assert [role["value"] for role in roles] == [READ, SETUP, ADMIN]
    assert len({role["id"] for role in roles if GUID.fullmatch(role["id"])}) == len(roles)
    assert all(role["allowedMemberTypes"] == ["Application"] and role["isEnabled"] for role in roles)


def test_the_page_names_every_script_and_no_other() -> None:
    """With its parameters."""
    calls = re.findall(r"infra/exchange/([\w-]+)\.ps1([^\n]*)", PAGE)
    assert {name for name, _ in calls} == {*UNDO, *UNDO.values(), *TESTS}
    for name, arguments in calls:
        text = (ROOT / f"infra/exchange/{name}.ps1").read_text()
        known = re.findall(r"^\.PARAMETER (\w+)", text, re.MULTILINE)
        assert set(re.findall(r" -([A-Z]\w+)", arguments)) <= {*known, "WhatIf"}, name


PAGES = [page for name in ("permissions", "entra") for page in [ROOT / f"docs/{name}.md"] if page.exists()]
COMMANDS = [line.strip() for page in PAGES for line in page.read_text().splitlines()
            if line.strip().startswith("python -m relay_admin entra")]  # fmt: skip


def test_the_page_names_every_verb() -> None:
    """And what it is about."""
    named = {tuple(word for word in shlex.split(line)[4:6] if not word.startswith("-")) for line in COMMANDS}
    assert {verb for verb, *_ in named} == {"plan", "grant", "revoke", "check"}
    assert named >= {(verb, what) for verb in ("grant", "revoke") for what in ("relay", "api", "caller")}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_a_page_can_be_typed(line: str) -> None:
    """The command line accepts its options, with ids in the places of the capitals."""
    text = re.sub(r"\b[A-Z_]*CLIENT_ID\b", "10000000-0000-4000-8000-000000000000", line)
    options = parser().parse_args(shlex.split(text, comments=True)[3:])
    assert options.run is entra


def test_the_doctor_and_the_command_line_agree_on_what_defeats_the_scope() -> None:
    """One list; the command line has a copy, since it is installed without the relay."""
    copy = (ROOT / "relay_admin/entra/graph_roles.json").read_bytes()
    assert copy == (ROOT / "shared/graph_roles.json").read_bytes()


def test_every_page_explains_access_to_the_vault() -> None:
    """Not even an Owner may read a secret: each page that needs one links to the explanation, and each role is removed
    again.
    """
    pages = {name: (ROOT / f"docs/{name}.md").read_text() for name in ("deployment", "permissions", "operations")}
    assert "\n## Open the vault\n" in pages["deployment"]
    for name, page in pages.items():
        assert f"({'' if name == 'deployment' else 'deployment.md'}#open-the-vault)" in page, name
    taken, given_back = (
        re.findall(rf'az role assignment {verb} --role "(.+?)".* --scope "\$SCOPE"', pages["deployment"])
        for verb in ("create", "delete")
    )
    assert taken == given_back == ["Key Vault Secrets User"]
    assert "enableRbacAuthorization: true" in (ROOT / "infra/modules/vault.bicep").read_text()


def test_the_page_names_every_azure_role_of_the_deployment() -> None:
    """The roles on the page are those in Bicep."""
    bicep = "\n".join(path.read_text() for path in (ROOT / "infra").rglob("*.bicep"))
    given = set(re.findall(r"'((?:Storage|Key Vault|Monitoring) [A-Z][A-Za-z ]+)'", bicep))
    listed = set(re.findall(r"^\| ((?:Storage|Key Vault|Monitoring) [A-Z][A-Za-z ]+) \|", PAGE, re.MULTILINE))
    assert given == listed != set()
