"""The app's address is its default host name, which may have a random part: nothing builds it from the app's name.

("Secure unique default hostnames for App Service")
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("infra", "docs", "relay_admin", "shared", "functions", "tools", ".github")
ENDINGS = {".bicep", ".bicepparam", ".json", ".py", ".md", ".yml", ".yaml", ".ps1", ".sh"}
_IN_FOLDERS = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
FILES = [*(path for path in _IN_FOLDERS if path.suffix in ENDINGS), ROOT / "README.md", ROOT / "azure.yaml"]
# The domains of App Service: public cloud, US government, China.
DOMAIN = re.compile(r"[^\s\"'`(/]*\.?(?:azurewebsites\.(?:net|us)|chinacloudsites\.cn)")
PLACEHOLDER = "YOUR-APP.azurewebsites.net"
# It recognizes App Service's domains by their endings, and builds no address.
ENDINGS_OF = {"host_name.py": {".azurewebsites.net", ".azurewebsites.us", ".chinacloudsites.cn"}}


def test_files_of_every_kind_are_read() -> None:
    """The test below reads something."""
    assert {path.suffix for path in FILES} >= {".bicep", ".py", ".md", ".yml"}


@pytest.mark.parametrize(
    "path", [path for path in FILES if "azurewebsites" in path.read_text()], ids=lambda path: path.name
)
def test_an_address_in_a_text_is_a_placeholder(path: Path) -> None:
    """In help texts and pages `YOUR-APP.azurewebsites.net`, and in no template, script or program another one."""
    assert set(DOMAIN.findall(path.read_text())) <= {PLACEHOLDER} | ENDINGS_OF.get(path.name, set())


def test_the_template_gives_the_default_host_name() -> None:
    """RELAY_URL is the output of the module of the app, which reads it off the app."""
    module, main = (ROOT / "infra" / name for name in ("modules/function-app.bicep", "main.bicep"))
    (output,) = re.findall(r"^output url string = (.*)$", module.read_text(), re.MULTILINE)
    assert re.search(r"\bapp\.properties\.defaultHostName\b", output)
    assert re.search(r"^output RELAY_URL string = \w+\.outputs\.url$", main.read_text(), re.MULTILINE)
