// Alerts. Each query in alerts/ returns rows only when something is wrong. The text ends with what to do;
// docs/operations.md, Alerts, says more.
param location string
param tags { *: string }
param insightsName string
param emails string[]
param existingActionGroupId string

var rules = [
  {
    name: 'no-data'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    query: loadTextContent('../alerts/no-data.kql')
    text: 'Nothing was logged for an hour. Check whether the app runs; if it does, whether its identity may still write logs.'
  }
  {
    name: 'timer-silent'
    severity: 1
    every: 'PT30M'
    window: 'PT2H'
    query: loadTextContent('../alerts/timer-silent.kql')
    text: 'renew_subscriptions has not succeeded for two hours. Read its exceptions, and GET /api/health/checks.'
  }
  {
    name: 'errors-to-graph'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: loadTextContent('../alerts/errors-to-graph.kql')
    text: 'Graph got 5xx responses and retries for four hours. Check storage and vault in GET /api/health/checks.'
  }
  {
    name: 'slow-answers'
    severity: 2
    every: 'PT5M'
    window: 'PT2H'
    query: loadTextContent('../alerts/slow-answers.kql')
    text: '1 % of responses to Graph took over a second; above 10 % Graph delays, then drops notifications. Check storage, then memory.'
  }
  {
    name: 'no-notifications'
    severity: 2
    every: 'PT1H'
    window: 'PT3H'
    query: loadTextContent('../alerts/no-notifications.kql')
    text: 'Three hours of a working day without a notification. Expected on a holiday; otherwise find out what blocks Graph.'
  }
  {
    name: 'oldest-change'
    severity: 2
    every: 'PT15M'
    window: 'PT2H'
    query: loadTextContent('../alerts/oldest-change.kql')
    text: 'Changes have waited for over ten minutes without an attempt, at two consecutive runs. Check whether deliver_changes runs and fails.'
  }
  {
    name: 'changes-parked'
    severity: 2
    every: 'PT15M'
    window: 'PT2H'
    query: loadTextContent('../alerts/changes-parked.kql')
    text: 'Changes have been parked for half an hour. GET /api/relay says why; after a 410 or a pause, resume deliveries.'
  }
  {
    name: 'relay-stopped'
    severity: 3
    every: 'PT1H'
    window: 'PT1H'
    query: loadTextContent('../alerts/relay-stopped.kql')
    text: 'An administrator has stopped the relay. GET /api/relay says since when and why; start it when the reason is gone.'
  }
  {
    name: 'dead-letters'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    query: loadTextContent('../alerts/dead-letters.kql')
    text: 'Changes could not be delivered. GET /api/dead-letters says why; replay them, or delete them.'
  }
  {
    name: 'subscription-expiring'
    severity: 1
    every: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('../alerts/subscription-expiring.kql')
    text: 'A subscription expires within a day and was not renewed. Read the log of renew_subscriptions.'
  }
  {
    name: 'watches-refused'
    severity: 2
    every: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('../alerts/watches-refused.kql')
    text: 'Watches are refused by Graph, or their mailboxes do not exist. GET /api/subscriptions says which, and what to do.'
  }
  {
    name: 'forged-notifications'
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('../alerts/forged-notifications.kql')
    text: 'Many notifications were dropped because they were not from Graph. After a key was retired this passes; otherwise consider restrictInbound.'
  }
  {
    name: 'dataverse-held'
    severity: 2
    every: 'PT15M'
    window: 'PT2H'
    query: loadTextContent('../alerts/dataverse-held.kql')
    text: 'Writes of the feature dataverse have been held for an hour. GET /api/dataverse says which; look, then release them.'
  }
  {
    name: 'dataverse-hints'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    query: loadTextContent('../alerts/dataverse-hints.kql')
    text: 'A change of a booking has waited for over 15 minutes. Read the log of settle_pairs, and GET /api/dataverse.'
  }
  {
    name: 'dataverse-token'
    severity: 2
    every: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('../alerts/dataverse-token.kql')
    text: 'Dataverse has not been read for a quarter of the life of its token. Read the log of follow_dataverse, and the findings of the doctor.'
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (empty(existingActionGroupId)) {
  name: 'ag-calendar-relay'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'cal-relay'
    enabled: true
    emailReceivers: [
      for (address, i) in emails: {
        name: 'email-${i}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

var actionGroupId = empty(existingActionGroupId) ? people.id : existingActionGroupId

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'relay-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Calendar Relay: ${rule.name}'
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [insights.id]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      skipQueryValidation: true // a new workspace has no tables before its first log line
      criteria: {
        allOf: [
          {
            query: rule.query
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
]

output actionGroupId string = actionGroupId
