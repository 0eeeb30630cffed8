"""The checks of names and policies: nothing is created a second time, and no soft-deleted vault is in the way."""

from __future__ import annotations

import json

import pytest

from tests.support.fake_arm import GROUP, SUBSCRIPTION, FakeArm, deleted_vault, denial, vault
from tests.unit.infra.hooks.conftest import Project
from tests.unit.infra.hooks.test_preflight import results
from tools.deployment.unique import unique_string

pytestmark = pytest.mark.server
DERIVED = unique_string(f"/subscriptions/{SUBSCRIPTION}", "relay", "westeurope")


@pytest.mark.parametrize("suffix", ["", "xyz"])
def test_a_relay_with_another_suffix_stops(project: Project, arm: FakeArm, suffix: str) -> None:
    """A differently spelt region would silently create a second vault, identity, ledger and host beside the first."""
    arm.resources = [vault("kv-relay-abc")]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RELAY_SUFFIX=suffix)
    assert done.returncode == 1
    assert "azd env set RELAY_SUFFIX abc" in results(done.stdout)["names"]


def test_the_same_suffix_keeps_the_names(project: Project, arm: FakeArm) -> None:
    """As at every later provisioning; a vault of somebody else in the group does not matter."""
    arm.resources = [vault("kv-relay-abc"), vault("kv-relay-other", owner="other"), vault("kv-team", application="x")]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RELAY_SUFFIX="abc")
    assert done.returncode == 0
    assert results(done.stdout)["names"] == "the relay's names end in abc, as before"
    assert results(done.stdout)["vault"] == "kv-relay-abc exists in the group"


def test_a_second_attempt_keeps_the_names_of_the_first(project: Project, arm: FakeArm) -> None:
    """A deployment that failed half-way has no outputs, but its names derive from the same values."""
    arm.resources = [vault(f"kv-relay-{DERIVED}")]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    texts = results(done.stdout)
    assert (done.returncode, texts["names"]) == (0, f"the relay's names end in {DERIVED}, as before")
    assert texts["vault"] == f"kv-relay-{DERIVED} exists in the group"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, AZURE_ENV_NAME="Relay")
    assert f"azd env set RELAY_SUFFIX {DERIVED}" in results(done.stdout)["names"]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, AZURE_LOCATION="West Europe")
    assert "First correct: region.\n" in done.stdout


@pytest.mark.parametrize("given", [{}, {"RELAY_SUFFIX": "abc"}])
def test_a_soft_deleted_vault_stops_until_it_is_recovered(
    project: Project, arm: FakeArm, given: dict[str, str]
) -> None:
    """Its name is taken for seven days."""
    name = f"kv-relay-{given.get('RELAY_SUFFIX', DERIVED)}"
    arm.deleted = [deleted_vault("kv-relay-other"), deleted_vault(name)]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, **given)
    assert done.returncode == 1
    assert results(done.stdout)["vault"].endswith(
        f"{name} is soft-deleted. To recover it, run: azd env set RECOVER_VAULT true"
    )
    for true in ("true", "1", "T"):
        done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RECOVER_VAULT=true, **given)
        assert (done.returncode, results(done.stdout)["vault"]) == (0, f"{name} will be recovered")


def test_a_soft_deleted_vault_of_another_deployment_does_not_matter(project: Project, arm: FakeArm) -> None:
    """Of another environment, another region, or another team: its name is not in the way."""
    arm.deleted = [deleted_vault("kv-relay-a"), deleted_vault("kv-team", **{"azd-env-name": "relay"})]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert (done.returncode, results(done.stdout)["vault"]) == (0, f"kv-relay-{DERIVED} is free")


def test_nothing_to_recover_stops(project: Project, arm: FakeArm) -> None:
    """Azure refuses to recover a vault that is not deleted."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RECOVER_VAULT="true")
    assert done.returncode == 1
    assert results(done.stdout)["vault"].endswith("Run: azd env set RECOVER_VAULT false")


def test_a_name_that_is_taken_elsewhere_stops(project: Project, arm: FakeArm) -> None:
    """Names of vaults are unique in all of Azure. Before the group is chosen the vault may be the relay's own."""
    assert project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RELAY_SUFFIX="abc").returncode == 0
    arm.taken = True
    for suffix in ("abc", ""):
        done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, RELAY_SUFFIX=suffix)
        assert done.returncode == 1
        assert f"kv-relay-{suffix or DERIVED} cannot be used: The vault name" in results(done.stdout)["vault"]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, AZURE_RESOURCE_GROUP="")
    assert (done.returncode, results(done.stdout)["vault"]) == (
        0, f"not checked: kv-relay-{DERIVED} exists, perhaps in the group of this relay, but AZURE_RESOURCE_GROUP is "
        "not set yet",
    )  # fmt: skip


@pytest.mark.parametrize("resources", [None, []])
def test_policies_get_the_region_and_all_tags(
    project: Project, arm: FakeArm, resources: list[dict[str, str]] | None
) -> None:
    """In the group's scope, or in the subscription's while there is no group; with the customer's own tags."""
    arm.resources = None if resources is None else []
    path = project.root / "infra/main.parameters.json"
    content = json.loads(path.read_text())
    content["parameters"]["tags"] = {"value": {"costCenter": "42", "application": "theirs"}}
    path.write_text(json.dumps(content))
    assert project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url).returncode == 0
    calls = [call.partition("/providers/")[0] for call in arm.calls if "checkPolicyRestrictions" in call]
    scopes = [f"POST /subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}", f"POST /subscriptions/{SUBSCRIPTION}"]
    assert calls == (scopes if resources is None else scopes[:1]) * 3
    sent = [body["resourceDetails"]["resourceContent"] for body in arm.bodies]
    assert {item["type"] for item in sent} == {
        "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites",
    }  # fmt: skip
    tags = {"costCenter": "42", "azd-env-name": "relay", "application": "calendar-relay"}
    assert all((item["location"], item["tags"]) == ("westeurope", tags) for item in sent)


@pytest.mark.parametrize(
    ("fields", "effect", "code", "says"),
    [
        (("type", "location"), "Deny", 1, "STOP, the assignment"),
        (("tags['costCenter']",), "deny", 1, "STOP, the assignment"),
        (("type", "Microsoft.Storage/storageAccounts/minimumTlsVersion"), "Deny", 0, "WARNING, "),
        ((), "Deny", 0, "WARNING, "),
        (("type", "location"), "Audit", 0, "no denial is known"),
    ],
)
def test_a_denial_stops_only_if_it_is_certain(
    project: Project, arm: FakeArm, fields: tuple[str, ...], effect: str, code: int, says: str
) -> None:
    """A denial by a property that the check does not send may not concern the template, which sets it."""
    arm.denials = [denial(*fields, effect=effect)]
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    text = results(done.stdout)["policies"]
    assert (done.returncode, text[: len(says)]) == (code, says)
    assert ("allowed-locations" in text) == (effect.lower() == "deny")
