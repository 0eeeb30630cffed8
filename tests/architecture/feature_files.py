"""The files and entries of a feature, in the order of docs/adding-a-feature.md, and which of them are missing."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from shared.bootstrap.app import App
from shared.config import Settings
from shared.features import Feature
from tests.architecture.test_import import ROOT
from tests.architecture.trees import tree_of
from tools.openapi.routes import operations

PERMISSION_FILES = ("relay_admin/entra/permissions.json", "infra/exchange/permissions.json")  # by who grants them
PERMISSIONS = [entry for path in PERMISSION_FILES for entry in json.loads((ROOT / path).read_text())["permissions"]]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
APART = {  # import-linter's contracts that name every feature, and where each has the names
    "the features know neither each other nor the core": "modules",
    "the core knows no feature": "forbidden_modules",
}
Check = Callable[[Feature], Iterator[str]]


def handlers_of(module: str) -> dict[str, str]:
    """Return the handlers of a module of functions/, each with its last decorator; none without a module."""
    path = ROOT / "functions" / f"{module}.py"
    nodes = tree_of(path).body if path.exists() else []
    return {
        node.name: ast.unparse(node.decorator_list[-1])
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
    }


def first_arguments(folder: str) -> set[str]:
    """Return the texts that are a call's first argument in the code of a folder."""
    trees = (tree_of(path) for path in (ROOT / folder).rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def read(path: str) -> str:
    """Return a page."""
    return (ROOT / path).read_text()


def belongs(name: str, feature: Feature) -> bool:
    """Return whether a name in permissions.json is the feature's, such as bookings and bookings-cancel."""
    return name == feature.name or name.startswith(f"{feature.name}-")


def record(feature: Feature) -> Iterator[str]:
    """The record: its lists that must not be empty."""
    for field in ("modules", "functions", "services", "permissions", "checks"):
        if not getattr(feature, field):
            yield f"{field} is empty"


def package(feature: Feature) -> Iterator[str]:
    """The use cases."""
    if not [path for path in (ROOT / "shared" / feature.name).glob("*.py") if path.name != "__init__.py"]:
        yield "there is no module"


def linter(feature: Feature) -> Iterator[str]:
    """The import directions."""
    package = f"shared.{feature.name}"
    layers = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    if not [layer for layer in layers if package in layer.split(" | ")]:
        yield f"{package} is in no layer"
    for contract in CONTRACTS:
        if contract["name"] in APART and package not in contract[APART[contract["name"]]]:
            yield f'the contract "{contract["name"]}" does not name {package}'


def bootstrap(feature: Feature) -> Iterator[str]:
    """The services, as App provides them."""
    yield from (f"App has no {service}" for service in feature.services if not hasattr(App, service))


def functions(feature: Feature) -> Iterator[str]:
    """The handlers."""
    for module in feature.modules:
        if not (ROOT / "functions" / f"{module}.py").exists():
            yield f"there is no module {module}"
    handlers = {name for module in feature.modules for name in handlers_of(module)}
    yield from (f"there is no function {name}" for name in feature.functions if name not in handlers)
    yield from (f"the record does not name the function {name}" for name in sorted(handlers - {*feature.functions}))


def contract(feature: Feature) -> Iterator[str]:
    """The operations: one for each HTTP handler."""
    described = {operation.function for operation in operations(entra=False) if operation.feature == feature.name}
    triggers = {name: text for module in feature.modules for name, text in handlers_of(module).items()}
    for name in feature.functions:
        if name not in described and triggers.get(name, "route(").startswith("route("):
            yield f"there is no Operation {name} of the feature {feature.name}"
    yield from (f"the record does not name the function {name}" for name in sorted(described - {*feature.functions}))


def permissions(feature: Feature) -> Iterator[str]:
    """The permissions that are granted in Entra ID or in Exchange: infra/exchange/permissions.json."""
    granted = {entry["name"] for entry in PERMISSIONS if any(belongs(name, feature) for name in entry["features"])}
    needed = (*feature.permissions, *feature.optional_permissions)
    yield from (f"there is no entry {name} of the feature {feature.name}" for name in needed if name not in granted)
    yield from (f"the record does not name the permission {name}" for name in sorted(granted - {*needed}))


def doctor(feature: Feature) -> Iterator[str]:
    """The doctor's findings."""
    findings = first_arguments("shared/doctor")
    yield from (f'there is no finding "{name}"' for name in feature.checks if name not in findings)


def settings(feature: Feature) -> Iterator[str]:
    """The settings of the feature."""
    for name in feature.settings:
        if name.lower() not in Settings.model_fields:
            yield f"there is no setting {name}"


def unit_tests(feature: Feature) -> Iterator[str]:
    """The tests of its rules or of its handlers."""
    folders = (ROOT / "tests" / "unit" / feature.name, ROOT / "tests" / "unit" / "functions" / feature.name)
    if not [path for folder in folders for path in folder.rglob("test_*.py")]:
        yield "there is no test"


def exists(pattern: str) -> Check:
    """Return the check that a file exists."""

    def check(feature: Feature) -> Iterator[str]:
        if not Path(ROOT / pattern.replace("NAME", feature.name)).exists():
            yield "the file is missing"

    return check


def own_page(feature: Feature) -> Iterator[str]:
    """The page for the partner, or the one that the record names instead."""
    if not (ROOT / "docs" / f"{feature.page or f'partner-{feature.name}'}.md").exists():
        yield "the file is missing"


def page(path: str, *texts: str) -> Check:
    """Return the check that a page has one of the texts."""

    def check(feature: Feature) -> Iterator[str]:
        if not any(text.replace("NAME", feature.name) in read(path) for text in texts):
            yield f"the page does not name {feature.name}"

    return check


def architecture(feature: Feature) -> Iterator[str]:
    """The table of functions."""
    text = read("docs/architecture.md")
    yield from (f"the table does not name {name}" for name in feature.functions if name not in text)


STEPS: dict[str, Check] = {
    "shared/features.py": record,
    "shared/NAME/": package,
    "pyproject.toml": linter,
    "shared/bootstrap/features.py": bootstrap,
    "functions/NAME.py": functions,
    "tools/openapi/": contract,
    "relay_admin/entra/permissions.json": permissions,
    "shared/doctor/": doctor,
    "shared/config.py": settings,
    "tests/unit/NAME/": unit_tests,
    "tests/end_to_end/test_NAME.py": exists("tests/end_to_end/test_NAME.py"),
    "docs/partner-NAME.md": own_page,
    "docs/architecture.md": architecture,
    "docs/settings.md": page("docs/settings.md", "`NAME`"),
    "docs/data-protection.md": page("docs/data-protection.md", "feature NAME"),
    "docs/data-of-features.md": page("docs/data-of-features.md", "feature **NAME**"),
    "README.md": page("README.md", "docs/partner-NAME.md", "docs/NAME.md"),
}


def missing_of(feature: Feature) -> list[str]:
    """Return the missing items of a feature, a line for each: the step of the page, and the item."""
    return [f"{path.replace('NAME', feature.name)}: {text}" for path, check in STEPS.items() for text in check(feature)]
