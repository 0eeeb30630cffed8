"""What Azure does not answer is "not checked", never fine, and stops nothing."""

from __future__ import annotations

import pytest

from tests.support.fake_arm import FakeArm
from tests.unit.infra.hooks.conftest import Project
from tests.unit.infra.hooks.test_preflight import CHECKS, results

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    "refusal", [(403, "AuthorizationFailed"), (404, "InvalidResourceType"), (500, "InternalError")]
)
def test_a_refusal_is_not_checked(project: Project, arm: FakeArm, refusal: tuple[int, str]) -> None:
    """With the status and the code, for each check that asks Azure."""
    arm.refusals["/"] = refusal
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    texts = results(done.stdout)
    assert done.returncode == 0
    text = f"not checked: Azure Resource Manager answers {refusal[0]} {refusal[1]}"
    assert {texts[name] for name in CHECKS[3:]} == {text}


def test_without_a_network_the_hook_ends_soon(project: Project) -> None:
    """After the first failed connection no other is tried, because each would wait as long."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL="http://127.0.0.1:9")
    texts = results(done.stdout)
    assert done.returncode == 0
    assert all(texts[name].startswith("not checked: Azure Resource Manager cannot be reached") for name in CHECKS[3:])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"value": 1}', b'{"value": [1]}', b"null", b'{"value": [{}]}'])
def test_an_unexpected_answer_is_not_checked(project: Project, arm: FakeArm, body: bytes) -> None:
    """No traceback, and no other check is lost."""
    for part in ("geoRegions", "functionAppStacks", "usages", "deletedVaults", "checkPolicyRestrictions"):
        arm.raw[part] = body
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    texts = results(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(texts[name].startswith("not checked") for name in ("Flex Consumption", "cores", "vault", "policies"))
    assert texts["names"] == "the group holds no relay yet"


@pytest.mark.parametrize(
    ("name", "unchecked"),
    [
        ("AZURE_SUBSCRIPTION_ID", {"resource providers", "Flex Consumption", "cores", "names", "vault", "policies"}),
        ("AZURE_LOCATION", {"region", "Flex Consumption", "Python 3.13", "cores", "policies"}),
        ("AZURE_RESOURCE_GROUP", {"names"}),
    ],
)
def test_what_azd_prompts_for_later_is_not_checked(
    project: Project, arm: FakeArm, name: str, unchecked: set[str]
) -> None:
    """The first `azd provision` prompts for these values after the hook."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url, **{name: ""})
    texts = results(done.stdout)
    assert done.returncode == 0
    assert {check for check, text in texts.items() if text.startswith("not checked")} == unchecked
    assert {texts[check] for check in unchecked} == {f"not checked: {name} is not set yet"}


@pytest.mark.parametrize("url", ["http://management.example", "ftp://127.0.0.1", "management.azure.com"])
def test_the_token_is_sent_over_https_only(project: Project, url: str) -> None:
    """Also when a variable is wrong."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=url)
    assert done.returncode == 1
    assert done.stderr == f"preflight: AZURE_RESOURCE_MANAGER_URL is {url}, and has to begin with https://\n"
