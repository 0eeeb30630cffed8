// Logs, alerts and the budget. Application Insights has a workspace, the relay's own or an existing one; ingestion is
// with Entra tokens only.
param location string
param tags { *: string }
param suffix string
param existingWorkspaceId string
param retentionDays int
param dailyQuotaGb int
param emails string[]
param existingActionGroupId string
param budgetAmount int
param budgetStart string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = if (empty(existingWorkspaceId)) {
  name: 'log-relay-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb > 0 ? dailyQuotaGb : -1 } // -1 is no limit
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-relay-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
    DisableLocalAuth: true
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    insightsName: insights.name
    emails: emails
    existingActionGroupId: existingActionGroupId
  }
}

module quota 'log-quota.bicep' = if (empty(existingWorkspaceId) && dailyQuotaGb > 0) {
  name: 'log-quota'
  params: {
    location: location
    tags: tags
    workspaceName: workspace.name
    dailyQuotaGb: dailyQuotaGb
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  params: { location: location, tags: tags, insightsName: insights.name }
}

module budget 'budget.bicep' = if (budgetAmount > 0 && !empty(budgetStart)) {
  name: 'budget'
  params: {
    amount: budgetAmount
    start: budgetStart
    emails: emails
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module firstBudget 'budget-once.bicep' = if (budgetAmount > 0 && empty(budgetStart)) {
  name: 'budget-once'
  params: { amount: budgetAmount, emails: emails, actionGroupId: alerts.outputs.actionGroupId }
}

output workspaceId string = empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId
output insightsName string = insights.name
output actionGroupId string = alerts.outputs.actionGroupId
output budgetStart string = budgetAmount > 0 && empty(budgetStart) ? firstBudget!.outputs.start : budgetStart
