"""infra/permissions/*.json and docs/permissions.md match the permissions that the code needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.process import ROOT
from shared.auth.caller import ADMIN, READ, SETUP
from tests.architecture.documented_cmdlets import TESTS, UNDO

FOLDER = ROOT / "infra" / "permissions"
PERMISSIONS: list[dict[str, Any]] = json.loads((FOLDER / "permissions.json").read_text())["permissions"]
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
    roles = json.loads((FOLDER / "app-roles.json").read_text())["appRoles"]
    assert [role["value"] for role in roles] == [READ, SETUP, ADMIN]
    assert len({role["id"] for role in roles if GUID.fullmatch(role["id"])}) == len(roles)
    assert all(role["allowedMemberTypes"] == ["Application"] and role["isEnabled"] for role in roles)


def test_the_page_names_every_script_and_no_other() -> None:
    """With its parameters."""
    calls = re.findall(r"\./([\w-]+)\.ps1((?:[^\n`]|`\n)*)", PAGE)
    assert {name for name, _ in calls} == {*UNDO, *UNDO.values(), *TESTS}
    for name, arguments in calls:
        known = re.findall(r"^\.PARAMETER (\w+)", (FOLDER / f"{name}.ps1").read_text(), re.MULTILINE)
        assert set(re.findall(r" -(\w+)", arguments)) <= {*known, "WhatIf"}, name


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
