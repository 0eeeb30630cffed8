"""Each alert's query is held against lines that the code writes: it fires when it should, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.version import VERSION
from shared.watches.states import ShownState
from tests.support.insights import insights
from tests.unit.functions.alert_scenarios import FIRING, SILENT, Scenario
from tests.unit.functions.alert_scene import Scene
from tests.unit.functions.conftest import HostWorld
from tools.kql.queries import alerts, workbook

QUERIES = alerts()
DATAVERSE = {title for title in workbook() if title.startswith("Dynamics 365: ")}
OF_FEATURES = {  # they do not happen here
    "Slot bookings, by outcome", "Appointments in Microsoft Bookings, by outcome", *DATAVERSE,
}  # fmt: skip


def cases(scenarios: dict[str, list[Scenario]]) -> list[tuple[str, Scenario]]:
    """Return each alert with each of its scenarios."""
    return [(name, scenario) for name, some in scenarios.items() for scenario in some]


@pytest.fixture
def scene(world: HostWorld) -> Iterator[Scene]:
    """Return a relay whose telemetry is kept."""
    with insights(world.now) as seen:
        yield Scene(world, seen)


@pytest.mark.parametrize(("alert", "scenario"), cases(FIRING))
def test_an_alert_fires(alert: str, scenario: Scenario, scene: Scene) -> None:
    """Its query returns rows after what it is for."""
    scenario(scene)
    assert scene.seen.answer(QUERIES[alert]) != []


@pytest.mark.parametrize(("alert", "scenario"), cases(SILENT))
def test_an_alert_does_not_fire(alert: str, scenario: Scenario, scene: Scene) -> None:
    """Its query returns no row after something similar that is harmless."""
    scenario(scene)
    assert scene.seen.answer(QUERIES[alert]) == []


def test_every_alert_has_both_kinds_of_scenario() -> None:
    """None is forgotten."""
    assert QUERIES.keys() == FIRING.keys() == SILENT.keys()


def test_the_workbook_shows_every_line_with_its_values(scene: Scene) -> None:
    """A query that reads what happened here has rows, and none has a null number or an empty dimension."""
    for alert in ("errors-to-graph", "changes-parked", "watches-refused", "forged-notifications"):
        FIRING[alert][0](scene)
        scene.world.unreadable, scene.world.webhook.failure = None, None
    scene.world.pause.pause("maintenance", "key")
    shown = {title: scene.seen.answer(query) for title, query in workbook().items()}
    assert {title for title, rows in shown.items() if not rows} == OF_FEATURES
    assert [(title, row) for title, rows in shown.items() for row in rows if {None, ""} & {*row.values()}] == []
    states = {row["state"] for row in shown["Watches, by state"]}
    assert states == set(ShownState)


def test_the_workbook_shows_every_line_of_dataverse(scene: Scene) -> None:
    """While the feature is on; without a value that is missing. Decisions need Graph, and so another test."""
    for alert in ("dataverse-held", "dataverse-hints", "dataverse-token"):
        for scenario in FIRING[alert]:
            scenario(scene)
    shown = {title: scene.seen.answer(query) for title, query in workbook().items() if title in DATAVERSE}
    assert {title for title, rows in shown.items() if not rows} == {"Dynamics 365: decisions, by row of the table"}
    assert [(title, row) for title, rows in shown.items() for row in rows if {None, ""} & {*row.values()}] == []


def test_every_line_ends_with_the_version(scene: Scene) -> None:
    """The queries are held against the lines of the deployed app."""
    for scenario in (*FIRING["changes-parked"], *FIRING["forged-notifications"]):
        scenario(scene)
    lines = [row["message"] for row in scene.seen.tables["traces"]]
    assert len(lines) > 20
    assert [line for line in lines if not line.endswith(f" v={VERSION}")] == []
