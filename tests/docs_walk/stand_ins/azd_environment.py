"""azd's environment in the project's folder: .azure/NAME/.env and config.json, as azd keeps them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

AZURE = Path(".azure")
TYPED = {  # what azd asks for itself, by the variable that keeps the answer
    "AZURE_SUBSCRIPTION_ID": "Select a subscription to use:",
    "AZURE_LOCATION": "Select a location to create the resources in:",
    "AZURE_RESOURCE_GROUP": "Pick a resource group to use:",
}


class Environment:
    """The default environment of the folder, which `fill` creates."""

    @property
    def name(self) -> str:
        """Its name, empty if there is none."""
        config = AZURE / "config.json"
        return str(json.loads(config.read_text())["defaultEnvironment"]) if config.exists() else ""

    def values(self) -> dict[str, str]:
        """Return the variables."""
        path = AZURE / self.name / ".env"
        lines = path.read_text().splitlines() if self.name and path.exists() else []
        return dict(_variable(line) for line in lines)

    def keep(self, more: dict[str, str]) -> None:
        """Write variables. Raises AssertionError without an environment."""
        assert self.name, "no environment"
        values = {name: value for name, value in {**self.values(), **more}.items() if name.isupper()}
        text = "".join(f'{name}="{value}"\n' for name, value in values.items())
        (AZURE / self.name / ".env").write_text(text)

    def fill(self) -> None:
        """Ask for what is missing, in azd's order, before any hook of the provisioning."""
        if not self.name:
            name = _answer("Enter a unique environment name:")
            (AZURE / name).mkdir(parents=True)
            (AZURE / "config.json").write_text(json.dumps({"version": 1, "defaultEnvironment": name}))
            self.keep({"AZURE_ENV_NAME": name})
        for name in list(TYPED)[:2]:
            self._fill(name)
        self._fill_parameter("partnerWebhookUrl", "PARTNER_WEBHOOK_URL")
        self._fill("AZURE_RESOURCE_GROUP")

    def require_parameters(self) -> None:
        """Check that the template's parameter without a default has a value."""
        assert self.values().get("PARTNER_WEBHOOK_URL") or self._parameters().get("partnerWebhookUrl")

    def _fill(self, name: str) -> None:
        if not self.values().get(name):
            self.keep({name: _answer(TYPED[name])})

    def _fill_parameter(self, parameter: str, variable: str) -> None:
        parameters = self._parameters()
        if not self.values().get(variable) and not parameters.get(parameter):
            parameters[parameter] = _answer(f"Enter a value for the '{parameter}' infrastructure parameter:")
            content = {"infra": {"parameters": parameters}}
            (AZURE / self.name / "config.json").write_text(json.dumps(content))

    def _parameters(self) -> dict[str, Any]:
        path = AZURE / self.name / "config.json"
        return dict(json.loads(path.read_text())["infra"]["parameters"]) if path.exists() else {}


def _variable(line: str) -> tuple[str, str]:
    found = re.fullmatch(r'(\w+)="(.*)"', line)
    assert found, "a line of .env is no variable"
    return found[1], found[2]


def _answer(question: str) -> str:
    print(f"? {question}", flush=True)
    answer = sys.stdin.readline().strip()
    assert answer, f"nobody answered: {question}"
    return answer
