"""infra/permissions/*.json and docs/permissions.md say what the code needs, and the code needs no more."""

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
IN_PRODUCT = [one for one in PERMISSIONS if one["inProduct"]]
PAGE = (ROOT / "docs" / "permissions.md").read_text()
# Graph's way to name one: a thing, what may be done to it, and whose ("Microsoft Graph permissions reference").
NAME = re.compile(r"\b(?!Relay\.)[A-Z]\w+\.(?:Read|ReadBasic|ReadWrite|Manage|Send)(?:\.[A-Z]\w+)*\b")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def named_in_code() -> Iterator[str]:
    """Yield every permission that the app's own code names."""
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from NAME.findall(path.read_text())


def test_the_code_names_exactly_the_permissions_of_the_product() -> None:
    """One that nobody uses would be granted for nothing; one that is missing would be granted by guesswork."""
    assert set(named_in_code()) == {one["name"] for one in IN_PRODUCT}


@pytest.mark.parametrize("permission", PERMISSIONS, ids=lambda one: one["name"])
def test_every_permission_says_why_and_what_it_does_not_allow(permission: dict[str, Any]) -> None:
    """And which lesser one does not do."""
    for name in ("features", "why", "doesNotAllow", "leastAlternative", "whyNotTheAlternative", "pages"):
        assert permission[name], name
    assert GUID.fullmatch(permission["appRoleId"])
    in_exchange = {"exchange": f"Application {permission['name']}", "entra": None}
    assert permission["exchangeRole"] == in_exchange[permission["grantedIn"]]


def test_no_permission_is_named_twice() -> None:
    """Neither by its name nor by its id."""
    for key in ("name", "appRoleId"):
        assert len({one[key] for one in PERMISSIONS}) == len(PERMISSIONS)


@pytest.mark.parametrize("permission", IN_PRODUCT, ids=lambda one: one["name"])
def test_the_page_says_of_it_what_the_scripts_read(permission: dict[str, Any]) -> None:
    """Word for word."""
    role = f", as {permission['exchangeRole']}" if permission["exchangeRole"] else ""
    cells = [
        permission["name"], ", ".join(permission["features"]), permission["grantedIn"] + role, permission["why"],
        permission["doesNotAllow"], f"{permission['leastAlternative']}. {permission['whyNotTheAlternative']}",
    ]  # fmt: skip
    assert f"| {' | '.join(cells)} |" in PAGE


def test_what_is_not_in_the_product_is_not_on_the_page() -> None:
    """The page is read by whoever has to agree to it."""
    assert not [one["name"] for one in PERMISSIONS if not one["inProduct"] and f"| {one['name']} |" in PAGE]


def test_the_app_roles_are_those_that_the_code_asks_callers_for() -> None:
    """With ids of their own, for apps and not for people."""
    roles = json.loads((FOLDER / "app-roles.json").read_text())["appRoles"]
    assert [role["value"] for role in roles] == [READ, SETUP, ADMIN]
    assert len({role["id"] for role in roles if GUID.fullmatch(role["id"])}) == len(roles)
    assert all(role["allowedMemberTypes"] == ["Application"] and role["isEnabled"] for role in roles)


def test_the_page_names_every_script_and_no_other() -> None:
    """With the parameters that it has."""
    calls = re.findall(r"\./([\w-]+)\.ps1((?:[^\n`]|`\n)*)", PAGE)
    assert {name for name, _ in calls} == {*UNDO, *UNDO.values(), *TESTS}
    for name, arguments in calls:
        known = re.findall(r"^\.PARAMETER (\w+)", (FOLDER / f"{name}.ps1").read_text(), re.MULTILINE)
        assert set(re.findall(r" -(\w+)", arguments)) <= {*known, "WhatIf"}, name


def test_who_has_to_open_the_vault_is_told_how() -> None:
    """Not even an Owner may read a secret: each page that asks for it leads there, and each role is taken back."""
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


def test_the_page_names_every_azure_role_that_the_deployment_gives() -> None:
    """A role more or less in Bicep is one more or less on the page."""
    bicep = "\n".join(path.read_text() for path in (ROOT / "infra").rglob("*.bicep"))
    given = set(re.findall(r"'((?:Storage|Key Vault|Monitoring) [A-Z][A-Za-z ]+)'", bicep))
    listed = set(re.findall(r"^\| ((?:Storage|Key Vault|Monitoring) [A-Z][A-Za-z ]+) \|", PAGE, re.MULTILINE))
    assert given == listed != set()
