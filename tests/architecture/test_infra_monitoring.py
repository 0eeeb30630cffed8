"""Logs, alerts, budget and workbook: who receives what, and what does not stop a deployment."""

from __future__ import annotations

import json
import re

from tests.architecture.bicep_files import BICEP, INFRA, MAIN, modules, resources

MONITORING, ALERTS = BICEP["modules/monitoring.bicep"], BICEP["modules/alerts.bicep"]
BUDGETS = {name: BICEP[f"modules/{name}.bicep"] for name in ("budget", "budget-once")}
CALLS = {call.path: call for call in modules()}


def test_a_budget_notifies_an_action_group() -> None:
    """Azure refuses a budget of a resource group with roles alone. The action group exists without addresses, too."""
    for name, text in BUDGETS.items():
        assert text.count("contactGroups: [actionGroupId]") == text.count("contactEmails: emails\n") == 2, name
        assert CALLS[f"modules/{name}.bicep"].parameters["actionGroupId"] == "alerts.outputs.actionGroupId"
    assert "= if (empty(existingActionGroupId)) {\n  name: 'ag-calendar-relay'" in ALERTS
    assert "var actionGroupId = empty(existingActionGroupId) ? people.id : existingActionGroupId\n" in ALERTS
    assert "actions: { actionGroups: [actionGroupId] }" in ALERTS


def test_a_budget_without_a_start_is_created_once() -> None:
    """Its start may never change. Both budgets are the same otherwise, and exactly one is deployed."""
    bodies = [
        re.sub(r" //.*", "", re.findall(r"^resource .*?^}", text, re.MULTILINE | re.DOTALL)[0])
        for text in BUDGETS.values()
    ]
    assert bodies[0] == bodies[1]
    once = [resource for resource in resources() if resource.decorators == ["@onlyIfNotExists()"]]
    assert [each.file for each in once if each.type.endswith("/budgets")] == ["modules/budget-once.bicep"]
    assert "\nparam start string = utcNow('yyyy-MM-01')\n" in BUDGETS["budget-once"]
    assert "start" not in CALLS["modules/budget-once.bicep"].parameters
    conditions = {CALLS[f"modules/{name}.bicep"].condition for name in BUDGETS}
    assert conditions == {"budgetAmount > 0 && !empty(budgetStart)", "budgetAmount > 0 && empty(budgetStart)"}
    start = "budgetAmount > 0 && empty(budgetStart) ? firstBudget!.outputs.start : budgetStart"
    assert f"output budgetStart string = {start}\n" in MONITORING


def test_address_lists_are_split_in_a_single_place() -> None:
    """With or without blanks, and with a trailing comma: alerts and budget use the same list."""
    cut = "filter(split(replace(alertEmails, ' ', ''), ','), address => !empty(address))"
    assert f"emails: {cut}\n" in MAIN
    assert [file for file, text in BICEP.items() if re.search(r"split\(replace|\btrim\(", text)] == ["main.bicep"]
    assert "emailAddress: address\n" in ALERTS


def test_the_workbook_reads_from_application_insights() -> None:
    """Its file has a name that the template replaces by the id; without it the queries have no resource."""
    text = (INFRA / "workbook.json").read_text()
    [call] = re.findall(
        r"serializedData: replace\(loadTextContent\('\.\./workbook\.json'\), '(\w+)', insights\.id\)",
        BICEP["modules/workbook.bicep"],
    )
    assert json.loads(text)["fallbackResourceIds"] == [call]
    assert text.count(call) == 1


def test_an_existing_workspace_replaces_our_own() -> None:
    """Application Insights writes to it. Our own has a limit of logs only if one is given."""
    assert "workspaces@2025-07-01' = if (empty(existingWorkspaceId)) {" in MONITORING
    assert MONITORING.count("empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId\n") == 2
    assert "workspaceCapping: { dailyQuotaGb: dailyQuotaGb > 0 ? dailyQuotaGb : -1 }" in MONITORING


def test_a_platform_team_receives_the_logs_of_vault_storage_and_app() -> None:
    """With a workspace or an event hub; the vault's log never goes twice to the same workspace, which Azure refuses."""
    text = BICEP["modules/diagnostics.bicep"]
    settings = [
        each
        for each in resources()
        if (each.file, each.type[-18:]) == ("modules/diagnostics.bicep", "diagnosticSettings")
    ]
    scopes = {re.findall(r"^  scope: (\w+)$", each.body, re.MULTILINE)[0] for each in settings}
    assert scopes == {"vault", "blobs", "queues", "tables", "app"}
    logs = "[{ categoryGroup: 'allLogs', enabled: true }]"  # of storage: StorageRead, StorageWrite and StorageDelete
    assert f"var logs = {logs}\n" in text
    assert "properties: isAudited ? union({ logs: logs }, hub) : settings\n" in text
    assert "= if (hasVaultLogs) {\n  name: 'platform-team'\n  scope: vault\n" in text
    assert "var hasVaultLogs = !isAudited || !empty(eventHubRuleId)\n" in text
    assert "var isAudited = toLower(workspaceId) == toLower(auditWorkspaceId)\n" in text
    call = CALLS["modules/diagnostics.bicep"]
    assert call.condition == "!empty('${diagnosticsWorkspaceId}${diagnosticsEventHubRuleId}')"
    assert call.parameters["auditWorkspaceId"] == "monitoring.outputs.workspaceId"


def test_health_is_checked_from_outside_and_alerts_without_the_logs() -> None:
    """Every 15 minutes from two places; the alert reads Azure's metric, which a flood of lines does not end."""
    text = BICEP["modules/availability.bicep"]
    assert "    Frequency: 900 // seconds\n" in text
    assert "RequestUrl: '${url}/api/health'" in text
    assert "ExpectedHttpStatusCode: 200" in text
    assert len(re.findall(r"Id: '[\w-]+-azr'", text)) == 2
    assert "'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'" in text
    assert "failedLocationCount: 2\n" in text
    assert "scopes: [test.id, insights.id]\n" in text
    assert "output actionGroupId string = alerts.outputs.actionGroupId\n" in MONITORING
    call = CALLS["modules/availability.bicep"]
    assert call.parameters["actionGroupId"] == "actionGroupId"
    assert call.condition in (None, "")
