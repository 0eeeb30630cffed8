// The alert before the daily quota of logs is reached, which would leave all other queries without data. A workspace has no
// metric of the bytes that it takes in ("Supported metrics for Microsoft.OperationalInsights/workspaces": records and times
// only), so the rule reads the workspace's own table Usage, of which an hour arrives after its end.
param location string
param tags { *: string }
param workspaceName string
@description('Maximum GB of logs in a day, at least 1.')
param dailyQuotaGb int
param actionGroupId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: 'relay-log-quota'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Calendar Relay: log-quota'
    description: 'Half of LOG_DAILY_QUOTA_GB is used. Beyond it nothing is logged until the next day: find what is logged so much, or raise it.'
    severity: 2
    enabled: true
    scopes: [workspace.id]
    evaluationFrequency: 'PT1H'
    windowSize: 'P1D'
    autoMitigate: true
    skipQueryValidation: true // a new workspace has no tables before its first log line
    criteria: {
      allOf: [
        {
          query: replace(loadTextContent('../alerts/workspace/log-quota.kql'), 'DAILY_QUOTA_GB', '${dailyQuotaGb}.0')
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [actionGroupId] }
  }
}
