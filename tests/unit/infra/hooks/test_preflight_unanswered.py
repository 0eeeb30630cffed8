"""What Azure does not answer is "not checked", never fine, and stops nothing."""

from __future__ import annotations

import pytest

from tests.support.fake_arm import FakeArm
from tests.unit.infra.hooks.conftest import Project
from tests.unit.infra.hooks.test_preflight import OF_AZURE, results
from tools.deployment.arm import Arm
from tools.deployment.values import Unanswered

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
    assert {texts[name] for name in OF_AZURE} == {text}


def test_an_error_that_breaks_off_is_not_checked(project: Project, arm: FakeArm) -> None:
    """No traceback, and no other check is lost."""
    arm.broken = "geoRegions"
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL=arm.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert results(done.stdout)["Flex Consumption"] == "not checked: Azure Resource Manager answers 502"


@pytest.mark.parametrize("link", ["https://management.azure.com", "https://Management.azure.com:443"])
def test_a_next_page_may_name_the_port(monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """As Azure Resource Manager does in some lists."""
    monkeypatch.delenv("AZURE_RESOURCE_MANAGER_URL", raising=False)
    assert Pages({"/a": f"{link}/b?page=2", "/b?page=2": ""}).pages("/a") == ["/a", "/b?page=2"]
    for other in ("http://management.azure.com/b", "https://management.azure.com.example/b"):
        with pytest.raises(Unanswered, match="another address"):
            Pages({"/a": other}).pages("/a")


class Pages(Arm):
    """A list whose pages are given: by path, the link to the next."""

    def __init__(self, links: dict[str, str]) -> None:
        super().__init__()
        self.links = links

    def call(self, path: str, body: object = None) -> object:
        """Return a page."""
        assert body is None
        return {"value": [path], "nextLink": self.links[path]}


def test_without_a_network_the_hook_ends_soon(project: Project) -> None:
    """After the first failed connection no other is tried, because each would wait as long."""
    done = project.hook("preflight", AZURE_RESOURCE_MANAGER_URL="http://127.0.0.1:9")
    texts = results(done.stdout)
    assert done.returncode == 0
    assert all(texts[name].startswith("not checked: Azure Resource Manager cannot be reached") for name in OF_AZURE)


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
        (
            "AZURE_SUBSCRIPTION_ID",
            {
                "resource providers",
                "Flex Consumption",
                "cores",
                "names",
                "host name",
                "vault",
                "upgrade",
                "policies",
            },
        ),
        ("AZURE_LOCATION", {"region", "Flex Consumption", "Python 3.13", "cores", "vault", "policies"}),
        ("AZURE_RESOURCE_GROUP", {"names", "host name", "upgrade"}),
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
