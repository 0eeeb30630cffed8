"""The checks before a provisioning, over Azure Resource Manager as its reference shows it."""

from __future__ import annotations

import pytest

from tests.support.fake_arm import PROVIDERS, FakeArm
from tests.unit.infra.hooks.conftest import Project

pytestmark = pytest.mark.server
CHECKS = ("partner", "mailboxes", "region", "sign-in", "resource providers", "Flex Consumption", "Python 3.13", "cores",
          "names", "host name", "vault", "upgrade", "policies")  # fmt: skip
OF_AZURE = [name for name in CHECKS[4:] if name != "host name"]


def results(output: str) -> dict[str, str]:
    """Return the printed result of each check."""
    lines = [line.strip().partition(": ") for line in output.splitlines() if line.startswith("  ")]
    return {name: text for name, _, text in lines}


def test_a_first_deployment_passes_every_check(project: Project, arm: FakeArm) -> None:
    """In a project whose path has spaces and a quote; each check has an answer and nothing is left behind."""
    before = project.files()
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert (done.returncode, done.stderr) == (0, "")
    texts = results(done.stdout)
    assert tuple(texts) == CHECKS
    assert not [text for text in texts.values() if text.startswith(("STOP", "WARNING", "not checked"))], done.stdout
    assert done.stdout.splitlines()[-1] == "No check stops the deployment."
    assert project.files() == before
    assert (project.kept / "azd-calls").read_text() == "auth token --output json --no-prompt\n"
    assert {call.partition(" ")[0] for call in arm.calls} == {"GET", "POST"}


def test_azd_gets_the_tenant(project: Project, arm: FakeArm) -> None:
    """A person may belong to several."""
    assert project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, AZURE_TENANT_ID="contoso").returncode == 0
    assert (project.kept / "azd-calls").read_text() == "auth token --output json --no-prompt --tenant-id contoso\n"


@pytest.mark.parametrize(
    ("given", "check", "says"),
    [
        ({"PARTNER_WEBHOOK_URL": "http://partner.example"}, "partner", "is no https address. Run: azd env set PARTNER"),
        (
            {"ALLOWED_MAILBOXES": "room1@contoso.com, room2"},
            "mailboxes",
            "no addresses: room2. Run: azd env set ALLOWED",
        ),
        ({"ALLOWED_MAILBOXES": "room1@contoso.com room2@contoso.com"}, "mailboxes", "azd env set ALLOWED_MAILBOXES"),
        ({"PARTNER_WEBHOOK_URL": "https://[partner"}, "partner", "is no https address. Run: azd env set PARTNER"),
        ({"AZURE_LOCATION": "West Europe"}, "region", "azd env set AZURE_LOCATION westeurope"),
        ({"AZURE_LOCATION": "WestEurope"}, "region", "azd env set AZURE_LOCATION westeurope"),
    ],
)
def test_a_wrong_value_stops(project: Project, arm: FakeArm, given: dict[str, str], check: str, says: str) -> None:
    """With the command that corrects it, and with the other checks done, so that one run shows all that is wrong."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, **given)
    texts = results(done.stdout)
    assert done.returncode == 1
    assert texts[check].startswith("STOP")
    assert says in texts[check]
    assert tuple(texts) == CHECKS
    assert f"Nothing was created. First correct: {check}.\n" in done.stdout


def test_without_a_sign_in_nothing_is_called(project: Project, arm: FakeArm) -> None:
    """The checks that need Azure are not done, and are not fine."""
    (project.kept / "token").unlink()
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, AZURE_TENANT_ID="contoso")
    texts = results(done.stdout)
    assert (done.returncode, arm.calls) == (1, [])
    assert texts["sign-in"] == "STOP, azd has no token for Azure. Run: azd auth login --tenant-id contoso"
    assert {texts[name] for name in OF_AZURE} == {"not checked: azd has not signed in"}


def test_without_azd_only_the_values_are_checked(project: Project, arm: FakeArm) -> None:
    """The hook runs by hand, too."""
    (project.kept / "bin/azd").unlink()
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert results(done.stdout)["vault"] == "not checked: azd is not installed"


def test_unregistered_providers_stop_with_a_single_command(project: Project, arm: FakeArm) -> None:
    """For the owner of the subscription; the hook registers nothing."""
    arm.unregistered = ["Microsoft.App", "Microsoft.AlertsManagement"]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    text = results(done.stdout)["resource providers"]
    assert done.returncode == 1
    assert "for name in Microsoft.AlertsManagement Microsoft.App; do az provider register" in text
    calls = [call.partition("?")[0].rpartition("/")[2] for call in arm.calls if "2021-04-01" in call]
    assert calls[: len(PROVIDERS)] == list(PROVIDERS)
    assert not [call for call in arm.calls if "register" in call]


def test_each_provider_is_checked_for_itself(project: Project, arm: FakeArm) -> None:
    """One without an answer hides no other; one that Azure still registers does not stop."""
    arm.refusals["providers/Microsoft.Web?"] = (429, "TooManyRequests")
    text = "not checked: Microsoft.Web: Azure Resource Manager answers 429 TooManyRequests"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert (done.returncode, results(done.stdout)["resource providers"]) == (0, text)
    arm.unregistered = ["Microsoft.App"]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 1
    assert results(done.stdout)["resource providers"].startswith("STOP, not registered: Microsoft.App.")
    arm.refusals.clear()
    arm.unregistered_state = "Registering"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    text = "9 of 10 are registered; Azure still registers Microsoft.App"
    assert (done.returncode, results(done.stdout)["resource providers"]) == (0, text)


def test_a_region_without_flex_consumption_stops(project: Project, arm: FakeArm) -> None:
    """It says which regions offer it, also those of a second page."""
    arm.regions, arm.page_size = ["North Europe", "Sweden Central", "East US"], 2
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    text = results(done.stdout)["Flex Consumption"]
    assert done.returncode == 1
    assert text.endswith("Set AZURE_LOCATION to one of: eastus, northeurope, swedencentral")
    arm.regions += ["West Europe"]
    assert project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url).returncode == 0


def test_a_list_that_goes_on_elsewhere_is_not_followed(project: Project, arm: FakeArm) -> None:
    """The token stays with Azure Resource Manager."""
    arm.page_size, arm.next_host = 1, "https://elsewhere.example"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert results(done.stdout)["Flex Consumption"] == "not checked: the list goes on at another address"


def test_a_redirect_is_not_followed(project: Project, arm: FakeArm) -> None:
    """It could lead anywhere, and the token with it."""
    arm.redirect = f"{arm.url}/elsewhere"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert results(done.stdout)["cores"].startswith("not checked: Azure Resource Manager answers 307")
    assert not [call for call in arm.calls if "elsewhere" in call]


@pytest.mark.parametrize(
    ("given", "usages", "says"),
    [
        ({}, [("Cores", 55, 250)], "195 left in westeurope; the app uses at most 40"),
        ({}, [("Cores", 230, 250)], "WARNING, 20 left in westeurope; the app uses at most 40"),
        ({"INSTANCE_MEMORY_MB": "512"}, [("Cores", 230, 250)], "20 left in westeurope; the app uses at most 10"),
        ({"MAXIMUM_INSTANCE_COUNT": "100"}, [("Cores", 155, 250)], "WARNING, 95 left in westeurope; the app uses"),
        ({}, [], "not checked: the region lists no usage of cores"),
    ],
)
def test_few_cores_are_a_warning(
    project: Project, arm: FakeArm, given: dict[str, str], usages: list[tuple[str, int, int]], says: str
) -> None:
    """A lack of cores delays scaling, but stops no deployment."""
    arm.usages = usages
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, **given)
    assert done.returncode == 0
    assert results(done.stdout)["cores"].startswith(says)


def test_a_region_that_lists_no_python_313_is_a_warning(project: Project, arm: FakeArm) -> None:
    """The list is not documented as complete."""
    arm.pythons = ["3.12", "3.11"]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert done.returncode == 0
    assert results(done.stdout)["Python 3.13"] == "WARNING, the region lists only 3.12, 3.11"
