"""The alert at half of the daily quota of logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.architecture.bicep_files import BICEP
from tests.support.kql import run

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INFRA = Path(__file__).parents[3] / "infra"
MODULE = BICEP["modules/log-quota.bicep"]


def fires(quota: int, *usage: tuple[float, float, bool]) -> bool:
    """Return whether the alert fires. `usage` has rows of hours ago, megabytes, and whether they are billed."""
    query = (INFRA / "alerts/workspace/log-quota.kql").read_text().replace("DAILY_QUOTA_GB", f"{quota}.0")
    rows = [
        {"TimeGenerated": NOW - timedelta(hours=hours), "Quantity": megabytes, "IsBillable": is_billed}
        for hours, megabytes, is_billed in usage
    ]
    return run(query, {"Usage": rows}, NOW) != []


@pytest.mark.parametrize(
    ("usage", "expected"),
    [([], False), ([(1, 999.0, True)], False), ([(1, 1000.0, True)], True),
     ([(20, 600.0, True), (1, 400.0, True)], True), ([(25, 5000.0, True)], False), ([(1, 5000.0, False)], False)],
    ids=["empty", "below", "half", "of-two-hours", "of-yesterday", "not-billed"],
)  # fmt: skip
def test_half_of_the_quota_raises_the_alert(usage: list[tuple[float, float, bool]], *, expected: bool) -> None:
    """Of the billed logs of 24 hours; the quota is two GB, and a GB has a thousand MB, as on the bill."""
    assert fires(2, *usage) == expected


def test_the_rule_queries_the_workspace_with_the_quota_of_the_parameter() -> None:
    """Where the relay's own workspace has a quota; the rule mails as the others do."""
    text = BICEP["modules/monitoring.bicep"]
    assert "module quota 'log-quota.bicep' = if (empty(existingWorkspaceId) && dailyQuotaGb > 0) {\n" in text
    call = text.partition("module quota ")[2].partition("\n}\n")[0]
    assert "dailyQuotaGb: dailyQuotaGb\n" in call
    assert "actionGroupId: alerts.outputs.actionGroupId\n" in call
    query = "replace(loadTextContent('../alerts/workspace/log-quota.kql'), 'DAILY_QUOTA_GB', '${dailyQuotaGb}.0')"
    assert f"query: {query}\n" in MODULE
    assert "scopes: [workspace.id]\n" in MODULE
    assert "windowSize: 'P1D'\n" in MODULE
    assert "actions: { actionGroups: [actionGroupId] }\n" in MODULE
    assert "DAILY_QUOTA_GB" in (INFRA / "alerts/workspace/log-quota.kql").read_text()
