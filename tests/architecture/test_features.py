"""A feature that is off is not registered; one that is on registers its own routes; and each is complete."""

from __future__ import annotations

import json
import re

import pytest

from function_app import RELAY
from shared.config import FEATURE_NAMES
from shared.features import BY_NAME, FEATURES, Feature
from tests.architecture.feature_files import PERMISSIONS, STEPS, belongs, handlers_of, missing_of
from tests.architecture.test_import import CATCH_ALL, ROOT, bindings_of, probed
from tools.openapi.routes import operations

UNFINISHED = Feature(
    name="tasks", modules=("tasks",), functions=("list_tasks",), services=("task_service",),
    permissions=("Tasks.Read.All",), checks=("tasks",), settings=("MOST_TASKS",),
)  # fmt: skip
LACKS = """
shared/tasks/: there is no module
pyproject.toml: shared.tasks is in no layer
pyproject.toml: the contract "the features know neither each other nor the core" does not name shared.tasks
pyproject.toml: the contract "the core knows no feature" does not name shared.tasks
shared/bootstrap/features.py: App has no task_service
functions/tasks.py: there is no module tasks
functions/tasks.py: there is no function list_tasks
tools/openapi/: there is no Operation list_tasks of the feature tasks
relay_admin/entra/permissions.json: there is no entry Tasks.Read.All of the feature tasks
shared/doctor/: there is no finding "tasks"
shared/config.py: there is no setting MOST_TASKS
tests/unit/tasks/: there is no test
tests/end_to_end/test_tasks.py: the file is missing
docs/partner-tasks.md: the file is missing
docs/architecture.md: the table does not name list_tasks
docs/settings.md: the page does not name tasks
docs/data-protection.md: the page does not name tasks
docs/data-of-features.md: the page does not name tasks
README.md: the page does not name tasks
"""


def registered(features: str) -> set[str]:
    """Return the names of the HTTP functions of an app with these FEATURES."""
    return set(bindings_of(probed(ROOT, FEATURES=features), "httpTrigger")) - {CATCH_ALL}


def of(*features: str) -> set[str]:
    """Return the names of these features in the contract."""
    return {one.function for one in operations() if one.feature in features}


@pytest.mark.parametrize("feature", sorted(BY_NAME))
def test_a_feature_registers_its_own_functions_and_no_others(feature: str) -> None:
    """Beside the relay's; the case and blanks of the setting do not matter."""
    assert registered(feature) == registered(f"relay, {feature.upper()} ") == of("relay", feature)
    assert len(of(feature)) >= 2


@pytest.mark.parametrize("features", ["", "relay", "calendar", "none,of,these"])
def test_a_feature_that_is_off_has_no_route(features: str) -> None:
    """By default, and for names of no feature."""
    assert registered(features) == of("relay")


def test_every_operation_belongs_to_the_relay_or_to_a_feature() -> None:
    """Otherwise the document would have an operation that cannot be switched on."""
    assert {one.feature for one in operations()} == {"relay", *BY_NAME} == set(FEATURE_NAMES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_is_complete(feature: Feature) -> None:
    """Every file and entry of docs/adding-a-feature.md exists; the message lists what is missing."""
    missing = missing_of(feature)
    assert not missing, f"the feature {feature.name} lacks:\n" + "\n".join(missing)


def test_the_missing_items_of_a_feature_are_listed() -> None:
    """Each file and entry by its name, in the order of the page."""
    assert missing_of(UNFINISHED) == LACKS.strip().splitlines()
    assert {line.partition(":")[0].replace("tasks", "NAME") for line in missing_of(UNFINISHED)} | {
        "shared/features.py"
    } == set(STEPS)


def test_an_empty_record_is_not_complete() -> None:
    """Otherwise nothing of it would be checked."""
    empty = Feature(name="tasks", modules=(), functions=(), services=(), permissions=(), checks=())
    assert missing_of(empty)[:5] == [
        f"shared/features.py: {field} is empty"
        for field in ("modules", "functions", "services", "permissions", "checks")
    ]


def test_the_page_has_every_step_in_its_order() -> None:
    """The page is the manual for a new feature, and short."""
    page = (ROOT / "docs" / "adding-a-feature.md").read_text()
    assert re.findall(r"^\d+\. `([^`]+)`", page, re.MULTILINE) == list(STEPS)
    assert len(page.splitlines()) < 60


def test_nothing_belongs_to_a_feature_without_a_record() -> None:
    """Neither a module of functions/, nor a permission, nor a page."""
    of_relay = {module.__name__ for module in RELAY}
    modules = {f"functions.{path.stem}" for path in (ROOT / "functions").glob("*.py") if handlers_of(path.stem)}
    assert modules - of_relay == {f"functions.{module}" for feature in FEATURES for module in feature.modules}
    granted = {name for entry in PERMISSIONS for name in entry["features"]} - {"relay", "room-lists"}
    assert [name for name in granted if not any(belongs(name, feature) for feature in FEATURES)] == []
    pages = {path.stem.removeprefix("partner-") for path in (ROOT / "docs").glob("partner-*.md")}
    assert pages == {"guide", *BY_NAME}


def test_records_are_plain_values() -> None:
    """A record has only names and flags: a tuple of texts is the same after JSON."""
    for feature in FEATURES:
        values = {name: getattr(feature, name) for name in Feature.__dataclass_fields__}
        assert {name: tuple(value) if isinstance(value, list) else value
                for name, value in json.loads(json.dumps(values)).items()} == values  # fmt: skip
