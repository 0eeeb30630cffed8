"""The Bicep files of infra/ as an auditor reads them: text, laid out by the formatter, of which tests take parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
BICEP = {str(path.relative_to(INFRA)): path.read_text() for path in sorted(INFRA.rglob("*.bicep"))}
MAIN, APP = BICEP["main.bicep"], BICEP["modules/function-app.bicep"]
_DECORATORS = r"((?:^@\w+\([^\n]*\)\n)*)"
_RESOURCE = rf"{_DECORATORS}^resource (\w+) '([^'@]+)@([^']+)'( existing)? = (.*?)^[}}\]]"
_PARAMETER = rf"{_DECORATORS}^param (\w+) (\{{.*?\}}|[\w\[\]]+)(?: = (.+))?$"
_MODULE = r"^module (\w+) '([^']+)' = (?:if \(([^\n]+)\) )?{\n(.*?)^}"


@dataclass(frozen=True)
class Resource:
    """A resource: the file with it, its symbol, type, API version and decorators, and the text of its body."""

    file: str
    symbol: str
    type: str
    version: str
    decorators: list[str]
    body: str

    @property
    def name(self) -> str:
        """The expression of its name."""
        return str(re.findall(r"^ +name: (.+?)(?: //.*)?$", self.body, re.MULTILINE)[0])


@dataclass(frozen=True)
class Parameter:
    """A parameter: the file with it, its name, type and decorators, and the text of its default; None for none."""

    file: str
    name: str
    type: str
    default: str | None
    decorators: list[str]


@dataclass(frozen=True)
class Module:
    """A call of a module: the file with it, the path of the module's file, its condition, and its parameters."""

    file: str
    path: str
    condition: str
    parameters: dict[str, str]


def block(text: str, name: str) -> dict[str, str]:
    """Return the names and values of a variable that is an object with one line each."""
    [body] = re.findall(rf"^var {name} = {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^  (\w+): (.+?)(?: //.*)?$", body, re.MULTILINE))


def resources(*, existing: bool = False) -> list[Resource]:
    """Return the resources that the template creates, or those that it only refers to."""
    created = []
    for file, text in BICEP.items():
        for decorators, symbol, kind, version, refers, body in re.findall(_RESOURCE, text, re.MULTILINE | re.DOTALL):
            if bool(refers) == existing:
                created.append(Resource(file, symbol, kind, version, decorators.splitlines(), body))
    return created


def parameters() -> list[Parameter]:
    """Return the parameters of all files."""
    return [
        Parameter(file, name, kind, default or None, decorators.splitlines())
        for file, text in BICEP.items()
        for decorators, name, kind, default in re.findall(_PARAMETER, text, re.MULTILINE)
    ]


def modules() -> Iterator[Module]:
    """Yield all calls of modules; a parameter that is an object of several lines is not among the parameters."""
    for file, text in BICEP.items():
        for _, path, condition, body in re.findall(_MODULE, text, re.MULTILINE | re.DOTALL):
            [[short, long]] = re.findall(r"params: {(?: ([^\n]+) }$|\n(.*?)^  }$)", body, re.MULTILINE | re.DOTALL)
            pairs = re.findall(r"(\w+): ([^,]+)", short) or re.findall(r"^    (\w+): (.+[^{])$", long, re.MULTILINE)
            yield Module(
                file,
                str((INFRA / file).parent.joinpath(path).relative_to(INFRA)),
                condition,
                {name: value.strip() for name, value in pairs},
            )
